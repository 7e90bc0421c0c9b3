/** Speaks texts with OpenAI, or with a server that has the same interface for speech. */
import { ProblemError } from '../../../src/job/problem.ts';
import type { Unit } from '../../../src/job/estimate.ts';
import type { Author, Usage } from '../../../src/job/snapshot.ts';
import { primarySubtag } from '../../../src/kinds/acceptance.ts';
import { durationOf } from '../../audio/pcm.ts';
import { decodeWav } from '../../audio/wav.ts';
import { type Capabilities, type Speech, type SpeechRequest, NO_TOKENS } from '../../capabilities.ts';
import { paidCall } from '../paid-call.ts';
import type { Offer, VendorTools } from '../vendor.ts';
import { chooseModel, factsOf } from './model-facts.ts';
import { createChatSpeech } from './chat-speech.ts';
import { createPost } from './post.ts';

/**
 * How a model is called. `baseURL`: undefined for OpenAI's own server. `idleTimeoutMs`: how long
 * nothing may come of sound that streams.
 */
export type OpenAISpeechOptions = { apiKey: string; baseURL: string | undefined; model: string; timeoutMs: number; idleTimeoutMs: number };

/** That of OpenAI's models, in Hz. */
const SAMPLE_RATE = 24_000;

/** The voices of OpenAI's own server. Each of them speaks all languages. */
const VOICES = ['alloy', 'ash', 'ballad', 'cedar', 'coral', 'echo', 'fable', 'marin', 'nova', 'onyx', 'sage', 'shimmer', 'verse'];

/**
 * Who speaks if nobody asks for a voice. Every model has this one, and most servers know its name.
 */
const DEFAULT_VOICE = 'alloy';

/**
 * The longest text of one call. A model also has a limit of 2000 tokens, which languages without
 * spaces reach earlier.
 */
const LENGTHS: Lengths = { usual: 4096, dense: 1400 };
/**
 * The same for a model that speaks in a chat: the longer its answer, the less it keeps to the text,
 * and some 80 seconds are soon there.
 */
const CHAT_LENGTHS: Lengths = { usual: 1200, dense: 400 };

type Lengths = { usual: number; dense: number };

/** Languages that need more tokens and more time for a character. */
const DENSE: ReadonlySet<string> = new Set(['zh', 'cmn', 'yue', 'ja', 'ko', 'th', 'lo', 'km', 'my']);

/** 4096 characters at half the speed are some 10 minutes: 30 MB. */
const MAX_ANSWER = 134_217_728;

/** Makes the capability to speak by one model. */
export function createOpenAISpeech({
  apiKey,
  baseURL,
  model,
  timeoutMs,
  idleTimeoutMs,
}: OpenAISpeechOptions): Capabilities['speech']['speak'] {
  if (speaksInChat(model)) {
    const inChat = createChatSpeech({ apiKey, baseURL, model, path: '/chat/completions', timeoutMs, idleTimeoutMs });
    return (request, report, signal) => inChat({ ...request, voice: request.voice ?? DEFAULT_VOICE }, report, signal);
  }
  const author: Author = { provider: 'openai', model };
  const post = createPost({ apiKey, baseURL, path: '/audio/speech', timeoutMs, maxBytes: MAX_ANSWER });

  return async (request, report, signal) => {
    const expected = expectedUsage(model, request);
    return paidCall({ report, signal, author, expected, ifAborted: { ...expected, estimated: true } }, async (bill) => {
      const answer = await post(toBody(model, request), signal);
      bill(expected);
      const speech = decodeWav(answer.bytes);
      if (!speech || speech.pcm.length === 0)
        throw new ProblemError('provider_bad_answer', 'The provider answered with something else than WAV.');
      if (isBilledByTime(model)) bill({ ...NO_TOKENS, seconds: Math.ceil(durationOf(speech) / 1000) });
      return speech;
    });
  };
}

/** WAV says its sample rate, which the servers of others choose as they like. */
function toBody(model: string, { text, language, voice = DEFAULT_VOICE, speed }: SpeechRequest) {
  const name = new Intl.DisplayNames('en', { type: 'language' }).of(language) ?? language;
  return {
    model,
    input: text,
    voice,
    response_format: 'wav',
    ...(speed !== 1 && { speed }),
    ...(isBilledByTime(model) && { instructions: `The text is in ${name}. Read it out as a native speaker does.` }),
  };
}

/**
 * OpenAI's models of the generation after tts-1 follow instructions, and cost by what they say and
 * not by what they read.
 */
function isBilledByTime(model: string): boolean {
  return model.startsWith('gpt-');
}

/**
 * Models whose chat completions have sound, such as gpt-audio-1.5. They are no models of the
 * interface for speech.
 */
function speaksInChat(model: string): boolean {
  return /(?:^|[/-])audio(?:-|$)/.test(model);
}

function billsOf(model: string): readonly Unit[] {
  if (speaksInChat(model)) return ['inputTokens', 'outputTokens'];
  return [isBilledByTime(model) ? 'seconds' : 'characters'];
}

/**
 * What a call costs at least, as far as it can be told before. Speech has some 15 characters in a
 * second.
 */
function expectedUsage(model: string, { text, speed }: SpeechRequest): Usage {
  if (!isBilledByTime(model)) return { ...NO_TOKENS, characters: Array.from(text).length };
  return { ...NO_TOKENS, seconds: Math.ceil(text.length / 15 / speed), estimated: true };
}

/**
 * What OpenAI offers for speech. Where the server is another one, only its owner knows whether it
 * speaks: by naming a model.
 */
export function offerSpeech(
  options: Omit<OpenAISpeechOptions, 'model'> & { model: string | undefined },
  { guard }: VendorTools,
): Offer<'speech'> {
  const { baseURL } = options;
  const model = chooseModel(options.model, baseURL, DEFAULT_MODEL);
  if (model === undefined) return { available: false, missing: ['OPENAI_SPEECH_MODEL'] };
  const lengths = speaksInChat(model) ? CHAT_LENGTHS : LENGTHS;
  const work: Speech = {
    sampleRate: SAMPLE_RATE,
    maxLength: (language) => lengths[DENSE.has(primarySubtag(language)) ? 'dense' : 'usual'],
    speak: guard('openai-speech', createOpenAISpeech({ ...options, model })),
  };
  return {
    ...factsOf(baseURL, model),
    work,
    bills: billsOf(model),
    ...(baseURL === undefined && {
      accepts: [{ field: 'voice', values: VOICES, detail: `must be a voice of OpenAI: ${VOICES.join(', ')}` }],
    }),
  };
}

const DEFAULT_MODEL = 'gpt-audio-1.5';
