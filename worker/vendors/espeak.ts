/**
 * The espeak-ng of the system, where it is installed: speaks texts without any service. It sounds
 * like a machine.
 */
import { FREE } from '../../src/job/price.ts';
import { ProblemError } from '../../src/job/problem.ts';
import { ChildError, runChild } from '../bounded-child.ts';
import { type Capabilities, NO_TOKENS } from '../capabilities.ts';
import { decodeWav } from '../audio/wav.ts';
import { askProgram } from '../programs.ts';
import { chooseEspeakVoice, espeakLanguages, readEspeakVoices } from './espeak/voices.ts';
import { defineVendor } from './vendor.ts';

const NAME = 'espeak-ng';

/**
 * The longest text of one call. It takes any; parts are there so that the first one can be heard
 * early.
 */
const MAX_LENGTH = 1000;

/** That of its own voices, in Hz. */
const SAMPLE_RATE = 22_050;

/** Its usual speed, in words per minute. */
const WORDS_PER_MINUTE = 175;

/** A call takes some 100 ms. */
const LIMITS = { timeoutMs: 30_000, maxOutput: 134_217_728, memoryMb: 512 };

/** Makes the capability to speak by this program. `voices`: those that are installed. */
export function createEspeak(program: string, voices: readonly string[]): Capabilities['speech']['speak'] {
  return async ({ text, language, voice: wanted, speed }, report, signal) => {
    const voice = wanted ?? chooseEspeakVoice(language, voices);
    if (voice === undefined || !voices.includes(voice)) {
      throw new ProblemError(
        'invalid_input',
        `${NAME} has no voice ${wanted === undefined ? `for the language ${language}` : `named ${wanted}`}.`,
      );
    }
    const args = ['-v', voice, '-s', String(Math.round(WORDS_PER_MINUTE * speed)), '-b', '1', '--stdin', '--stdout'];
    const call = await report.startCall(NO_TOKENS, { provider: NAME });
    try {
      const speech = decodeWav(await runChild({ program, args, input: toInput(text), ...LIMITS }, signal));
      if (!speech || speech.pcm.length === 0) throw new ProblemError('provider_bad_answer', `${NAME} gave no sound.`);
      return speech;
    } catch (error) {
      throw error instanceof ChildError
        ? new ProblemError('provider_unavailable', `${NAME} did not speak the text.`, { cause: error })
        : error;
    } finally {
      await call.settle(NO_TOKENS);
    }
  };
}

/** The text without what espeak-ng would take for more than text: an end, and phonemes. */
function toInput(text: string): string {
  return text.replaceAll('\0', ' ').replaceAll('[[', '[ [');
}

/** espeak-ng as a vendor. */
export const espeak = defineVendor({
  name: NAME,
  keys: [],
  prices: { '*': FREE },
  variables: {},
  offers(_, { findProgram }) {
    const program = findProgram(NAME);
    const voices = program === undefined ? [] : readEspeakVoices(askProgram(program, ['--voices']));
    // It needs a program and no variable.
    if (program === undefined || voices.length === 0) return { speech: { available: false, missing: [] } };
    const languages = espeakLanguages(voices);
    return {
      speech: {
        available: true,
        work: { sampleRate: SAMPLE_RATE, maxLength: () => MAX_LENGTH, speak: createEspeak(program, voices) },
        author: { provider: NAME },
        answers: NAME,
        accepts: [
          { field: 'voice', values: voices, detail: `must be a voice of ${NAME}: ${voices.join(', ')}` },
          {
            field: 'language',
            values: languages,
            byLanguage: true,
            detail: `must be a language that ${NAME} speaks: ${languages.join(', ')}`,
          },
        ],
      },
    };
  },
});
