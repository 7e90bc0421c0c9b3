/** Uncompressed speech: PCM of 16 bits, little-endian, one channel. */

/** A piece of speech. */
export type Pcm = { pcm: Uint8Array; /** In Hz. */ sampleRate: number };

/** The samples of a piece. A last half sample is dropped. */
export function samplesOf(pcm: Uint8Array): Int16Array {
  const length = pcm.length >> 1;
  if (pcm.byteOffset % 2 === 0) return new Int16Array(pcm.buffer, pcm.byteOffset, length);
  return new Int16Array(pcm.slice(0, 2 * length).buffer);
}

/** How long a piece is, in ms. */
export function durationOf({ pcm, sampleRate }: Pcm): number {
  return Math.round((1000 * (pcm.length >> 1)) / sampleRate);
}

/**
 * The same speech at another sample rate, by linear interpolation. That is good enough for its only
 * use: a job that another provider has begun, whose parts have to fit together.
 */
export function resample({ pcm, sampleRate: from }: Pcm, sampleRate: number): Pcm {
  if (from === sampleRate) return { pcm, sampleRate };
  const source = samplesOf(pcm);
  const samples = new Int16Array(Math.round((source.length * sampleRate) / from));
  for (let n = 0; n < samples.length; n++) {
    const at = (n * from) / sampleRate;
    const before = Math.floor(at);
    const [left = 0, right = left] = [source[before], source[before + 1]];
    samples[n] = Math.round(left + (right - left) * (at - before));
  }
  return { pcm: new Uint8Array(samples.buffer), sampleRate };
}
