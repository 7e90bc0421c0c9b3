/** Recordings and images for tests, made byte by byte: what their structure says is what a test needs. */

const text = (characters: string) => Buffer.from(characters, 'latin1');
const u16 = (value: number) => Buffer.from([value & 255, value >> 8]);
const u32 = (value: number) => Buffer.from(new Uint32Array([value]).buffer);
const u32be = (value: number) => Buffer.from(u32(value).toReversed());

/** Noise that is the same each time. */
export function noise(bytes: number, seed = 1): Buffer {
  const out = Buffer.alloc(bytes);
  let state = seed;
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    out[at] = state >>> 24;
  }
  return out;
}

/** A WAV of PCM with 16 bits, mono. */
export function wav(seconds: number, { sampleRate = 16_000, seed = 1 } = {}): Buffer {
  const data = noise(2 * Math.round(seconds * sampleRate), seed);
  const format = Buffer.concat([u16(1), u16(1), u32(sampleRate), u32(2 * sampleRate), u16(2), u16(16)]);
  const body = Buffer.concat([text('WAVEfmt '), u32(16), format, text('data'), u32(data.length), data]);
  return Buffer.concat([text('RIFF'), u32(body.length), body]);
}

/** A page of an Ogg. `granule`: how many samples there are up to its end. */
function page(granule: number, flags: number, payload: Buffer): Buffer {
  const segments = Buffer.alloc(Math.floor(payload.length / 255) + 1, 255);
  segments[segments.length - 1] = payload.length % 255;
  const position = Buffer.concat([u32(granule % 2 ** 32), u32(Math.floor(granule / 2 ** 32))]);
  const head = [text('OggS'), Buffer.from([0, flags]), position, u32(7), u32(0), u32(0), Buffer.from([segments.length])];
  return Buffer.concat([...head, segments, payload]);
}

/** An Ogg with Opus of so many seconds, in as many pages. */
export function ogg(seconds: number): Buffer {
  const head = Buffer.concat([text('OpusHead'), Buffer.from([1, 1]), u16(0), u32(48_000), u16(0), Buffer.from([0])]);
  const pages = Array.from({ length: seconds }, (_, n) => page(48_000 * (n + 1), n === seconds - 1 ? 4 : 0, noise(100, n + 1)));
  return Buffer.concat([page(0, 2, head), ...pages]);
}

/** A box of an MP4 or a HEIC. */
export function box(type: string, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([u32be(body.length + 8), text(type), body]);
}

/** A PNG as its head describes it, without pixels. */
export function png(width: number, height: number): Buffer {
  const head = Buffer.concat([u32be(width), u32be(height), Buffer.from([8, 2, 0, 0, 0])]);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), u32be(13), text('IHDR'), head, u32be(0)]);
}

/** A JPEG up to the head of its frame. */
export function jpeg(width: number, height: number): Buffer {
  const app = Buffer.concat([Buffer.from([0xff, 0xe0, 0, 16]), text('JFIF\0'), Buffer.alloc(9)]);
  const frame = Buffer.from([0xff, 0xc0, 0, 17, 8, height >> 8, height & 255, width >> 8, width & 255, 3, ...Buffer.alloc(9)]);
  return Buffer.concat([Buffer.from([0xff, 0xd8]), app, frame]);
}

/** A WebP of the extended form (VP8X), without pixels. */
export function webp(width: number, height: number): Buffer {
  const u24 = (value: number) => u32(value).subarray(0, 3);
  const body = Buffer.concat([text('WEBPVP8X'), u32(10), u32(0), u24(width - 1), u24(height - 1)]);
  return Buffer.concat([text('RIFF'), u32(body.length), body]);
}

/** A HEIC that is made of tiles, as phones make them, without pixels. */
export function heic(width: number, height: number): Buffer {
  const ispe = (w: number, h: number) => box('ispe', u32(0), u32be(w), u32be(h));
  const properties = box('iprp', box('ipco', ispe(512, 512), ispe(width, height), ispe(160, 120)));
  return Buffer.concat([box('ftyp', text('heic'), u32(0), text('mif1heic')), box('meta', u32(0), properties)]);
}
