/**
 * Recordings as phones make them, for a vendor that takes few types: what it does not take is
 * decoded by ffmpeg first.
 */
import { ProblemError } from '../../src/job/problem.ts';
import type { Acceptance } from '../../src/kinds/acceptance.ts';
import type { FileFacts } from '../../src/kinds/kind.ts';
import { decodeRecording, SPEECH_RATE } from './ffmpeg.ts';
import { durationOf } from './pcm.ts';
import { withTrueSizes, writeWav } from './wav.ts';
import type { Capabilities, Recording } from '../capabilities.ts';

/** WAV as recognisers of speech take it. */
export const SPEECH_WAV: Partial<FileFacts> = { type: 'audio/wav', codec: 'pcm-s16', sampleRate: SPEECH_RATE, channels: 1 };

/** The longest recording, in s. */
const MAX_SECONDS = 30;

/**
 * What a vendor takes as it is. `names`: the same in words. `ffmpeg`: the path of the program;
 * undefined where it is not installed.
 */
export type RecordingFormats = { taken: readonly Partial<FileFacts>[]; names: string; ffmpeg: string | undefined };

type Assess = Capabilities['speechAssessment'];

/**
 * Puts the conversion before an assessment. Where ffmpeg is not installed, recordings go as they
 * are, a WAV with its true sizes.
 */
export function withConversion(assess: Assess, { taken, ffmpeg }: RecordingFormats): Assess {
  return async (asked, report, signal) => {
    const request = { ...asked, audio: { ...asked.audio, bytes: withTrueSizes(asked.audio.bytes) } };
    if (ffmpeg === undefined || taken.some((facts) => isLike(request.audio.facts, facts))) return assess(request, report, signal);
    return assess({ ...request, audio: await convert(ffmpeg, request.audio, signal) }, report, signal);
  };
}

/** What is taken of the field `audio`: with ffmpeg everything. */
export function acceptedRecordings({ taken, names, ffmpeg }: RecordingFormats): { accepts?: Acceptance[] } {
  if (ffmpeg !== undefined) return {};
  const detail = `No worker has ffmpeg, which converts other recordings; without it these are taken: ${names}.`;
  return { accepts: [{ field: 'audio', values: taken, detail }] };
}

function isLike(facts: FileFacts, wanted: Partial<FileFacts>): boolean {
  return Object.entries(wanted).every(([fact, value]) => facts[fact as keyof FileFacts] === value);
}

async function convert(ffmpeg: string, { bytes, facts }: Recording, signal: AbortSignal): Promise<Recording> {
  // A second more than is allowed, so that what is too long is seen: not every file tells its
  // length.
  const speech = await decodeRecording(ffmpeg, { bytes, type: facts.type, maxSeconds: MAX_SECONDS + 1 }, signal);
  const durationMs = durationOf(speech);
  if (durationMs > MAX_SECONDS * 1000 + 500) throw new ProblemError('invalid_input', `The recording may be ${MAX_SECONDS} s long at most.`);
  return { bytes: writeWav(speech), facts: { type: 'audio/wav', codec: 'pcm-s16', sampleRate: SPEECH_RATE, channels: 1, durationMs } };
}
