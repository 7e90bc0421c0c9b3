/**
 * The handler for audio: it speaks a text in parts, publishes each part, and joins them to one
 * file.
 */
import { ProblemError } from '../../src/job/problem.ts';
import { type audio, type AudioPart, isRoomFor, NO_ROOM } from '../../src/kinds/generate-audio.ts';
import type { InputOf } from '../../src/kinds/kind.ts';
import { secondsOf } from '../../src/kinds/speech-length.ts';
import { type SpeechFormat, speechFormats } from '../audio/formats.ts';
import { type Pcm, resample } from '../audio/pcm.ts';
import type { Context, Handler } from '../handler.ts';
import { splitText } from './split-text.ts';
import { toSpokenText } from '../texts/spoken.ts';

const LIST = 'parts';

/**
 * How many parts are spoken at a time. One after the other, a long text would take longer than an
 * attempt may.
 */
const AT_ONCE = 3;

/** How far the job is before the first part and after the last one, in percent. */
const SPEAKING = { from: 5, to: 95 };

type Input = InputOf<typeof audio>;
type Work = Context<typeof audio>;

export const generateAudio: Handler<typeof audio> = async (input, context) => {
  // Here the provider is known, and nothing has been paid yet.
  if (!isRoomFor(input, context.work.sampleRate)) {
    throw new ProblemError('invalid_input', `#/format: ${NO_ROOM}`, { errors: [{ pointer: '#/format', detail: NO_ROOM }] });
  }
  await context.stage('speaking', SPEAKING.from);
  const format = speechFormats[input.format];
  const texts = await planParts(input, context);
  // A part's file may be there without its item: the worker died in between, or an earlier part was
  // not ready.
  const files = await Promise.all(texts.map(async (_, n) => (await context.readOutput(n))?.bytes));
  await reserveRoom({ input, context, format, texts, files });
  const published = () => context.items(LIST) as readonly AudioPart[];
  const make = createMaker({ input, context, format }, sampleRateOf(format, files));

  await inOrder(texts.length, {
    async make(n) {
      files[n] ??= await make(n, texts[n] ?? '');
      return files[n];
    },
    async publish(n, file) {
      if (n < published().length) return;
      const part: AudioPart = { output: n, text: (texts[n] ?? '').trim(), bytes: file.length, durationMs: format.duration(file) };
      if (n === texts.length - 1) context.answered();
      await context.item(LIST, part, SPEAKING.from + ((n + 1) / texts.length) * (SPEAKING.to - SPEAKING.from));
    },
  });

  const whole = format.join(files.flatMap((file) => file ?? []));
  const kept = await context.output('whole', whole, format.type);
  return { audio: { ...kept, durationMs: format.duration(whole) }, parts: [...published()] };
};

/**
 * The texts of the parts. Their lengths are kept, so that a later attempt has the same parts, even
 * at another provider.
 * @throws ProblemError `content_unusable` if there is nothing to speak
 */
async function planParts({ text: given, language }: Input, context: Work): Promise<string[]> {
  const text = withoutBlanks(toSpokenText(given));
  if (!/[\p{L}\p{N}]/u.test(text)) throw new ProblemError('content_unusable', 'There is nothing in the text that can be spoken.');
  const lengths = await context.once('plan', () =>
    Promise.resolve(splitText(text, context.work.maxLength(language), language).map(({ length }) => length)),
  );
  // Workers of an earlier version planned the text with its marks. Such a job goes on as it began.
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  const planned = whole === text.length ? text : withoutBlanks(given);
  let end = 0;
  return lengths.map((length) => planned.slice(end, (end += length)));
}

/** Shortens long blanks, so that no part is blank. */
const withoutBlanks = (text: string): string => text.replaceAll(/\s{3,}/g, '\n\n').trim();

/**
 * The factor of room that is reserved: some voices speak slowly, and numbers take longer than they
 * look.
 */
const HEADROOM = 1.1;

/** A text before it is spoken. `files`: those of the parts that are there. */
type Plan = { input: Input; context: Work; format: SpeechFormat; texts: readonly string[]; files: readonly (Uint8Array | undefined)[] };

/**
 * Reserves room for the missing parts and for the whole, so that nothing is paid that can't be
 * kept.
 */
async function reserveRoom({ input, context, format, texts, files }: Plan): Promise<void> {
  const sampleRate = sampleRateOf(format, files) ?? context.work.sampleRate;
  const durationOf = (text: string) => (1000 * HEADROOM * secondsOf(text)) / input.speed;
  const sizes = texts.map((text, n) => files[n]?.length ?? format.size(durationOf(text), sampleRate));
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  await context.reserve([...sizes.map((bytes, name) => ({ name, bytes })), { name: 'whole', bytes: whole }]);
}

/**
 * Makes the function that speaks a part and keeps its file. `sampleRate`: that of the parts that
 * are there, in Hz.
 */
function createMaker({ input, context, format }: Pick<Plan, 'input' | 'context' | 'format'>, sampleRate: number | undefined) {
  const { language, voice, speed } = input;
  const { work, report, signal } = context;
  return async (n: number, text: string): Promise<Uint8Array> => {
    const pieces: Pcm[] = [];
    // One piece, unless the parts were planned for a provider that takes longer ones.
    for (const piece of splitText(text, work.maxLength(language), language)) {
      pieces.push(await work.speak({ text: piece.trim(), language, voice, speed }, report, signal));
    }
    const rate = sampleRate ?? pieces[0]?.sampleRate ?? 0;
    const pcm = Buffer.concat(pieces.map((piece) => resample(piece, rate).pcm));
    const file = await format.encode({ pcm, sampleRate: rate }, signal);
    await context.output(n, file, format.type);
    return file;
  };
}

function sampleRateOf(format: SpeechFormat, files: readonly (Uint8Array | undefined)[]): number | undefined {
  const file = files.find((each) => each !== undefined);
  return file && format.sampleRate(file);
}

/**
 * Makes `count` things, some at a time, and publishes each in its order. After an error no further
 * one is begun. Those that are being made are paid for, so they are waited for. Then the first
 * error is thrown.
 */
async function inOrder<T>(
  count: number,
  { make, publish }: { make(n: number): Promise<T>; publish(n: number, made: T): Promise<void> },
): Promise<void> {
  const making: Promise<T>[] = [];
  let failed = false;
  const begin = (): void => {
    if (failed || making.length >= count) return;
    const made = make(making.length);
    making.push(made);
    made.then(begin, () => (failed = true));
  };
  for (let n = 0; n < AT_ONCE; n++) begin();
  try {
    for (let n = 0; n < count; n++) {
      const made = making[n];
      if (!made) break;
      await publish(n, await made);
    }
  } finally {
    failed = true;
    await Promise.allSettled(making);
  }
}
