/** Inspects recordings: type, length and coding, from their structure alone. */
import { ProblemError } from '../../job/problem.ts';
import type { FileFacts } from '../kind.ts';
import { brandsOf } from './boxes.ts';
import { inspecting, unreadable, type View, viewOf } from './bytes.ts';
import { readMp4 } from './mp4.ts';
import { firstFrameOf, readMpegAudio } from './mpeg-audio.ts';
import { isOgg, readOgg } from './ogg.ts';
import { isWav, readWavFacts } from './wav.ts';
import { isWebm, readWebm } from './webm.ts';

/** The types that {@link inspectAudio} tells. */
export const AUDIO_TYPES = ['audio/wav', 'audio/mp4', 'audio/3gpp', 'audio/aac', 'audio/mpeg', 'audio/ogg', 'audio/webm'] as const;

/** The shortest file that has a head of any of them, in bytes. */
const LEAST = 16;

/** How much longer than allowed a recording may be, in ms: encoders put some silence around it. */
const PADDING_MS = 500;

/**
 * Makes an inspector of recordings of at most `maxDurationMs`. It stops to read there, where the
 * structure allows it.
 */
export function inspectAudio({ maxDurationMs }: { maxDurationMs: number }): (bytes: Uint8Array) => FileFacts {
  return (bytes) => {
    const facts = inspecting(() => readAudio(viewOf(bytes), maxDurationMs + PADDING_MS));
    const { durationMs = 0 } = facts;
    if (durationMs > maxDurationMs + PADDING_MS) throw unreadable(`must be ${maxDurationMs / 1000} s long at most`);
    if (durationMs === 0) throw unreadable('has no sound that can be read');
    return facts;
  };
}

function readAudio(view: View, maxMs: number): FileFacts {
  if (view.length >= LEAST) {
    if (isWav(view)) return readWavFacts(view);
    if (isOgg(view)) return readOgg(view, maxMs);
    if (isWebm(view)) return readWebm(view, maxMs);
    const brands = brandsOf(view);
    if (brands) return readMp4(view, brands);
    const first = firstFrameOf(view);
    if (first !== undefined) return readMpegAudio(view, first, maxMs);
  }
  throw new ProblemError('unsupported_media_type', 'is no recording of a type that is taken: WAV, m4a, AAC, MP3, Ogg, WebM or 3GP');
}
