/**
 * Reads numbers and names out of a file's bytes. To read past the end throws a RangeError; {@link
 * inspecting} turns it into a problem.
 */
import { ProblemError } from '../../job/problem.ts';

/**
 * Reads a file's bytes. Offsets count from the start of the file. Numbers are big endian unless
 * `little` is true, as in DataView.
 */
export type View = {
  readonly length: number;
  u8(at: number): number;
  u16(at: number, little?: boolean): number;
  u24(at: number): number;
  u32(at: number, little?: boolean): number;
  u64(at: number, little?: boolean): number;
  /** Some characters of ASCII. */
  text(at: number, count: number): string;
  f32(at: number): number;
  f64(at: number): number;
  /**
   * Counts a box, a chunk or a page. A file with more than {@link MAX_STEPS} of them is malformed.
   */
  step(): void;
};

/**
 * The most boxes, chunks or pages of a file. Half a minute of sound has far fewer, and these are
 * read in some 50 ms.
 */
const MAX_STEPS = 100_000;

/** Makes a view of a file. */
export function viewOf(bytes: Uint8Array): View {
  let steps = 0;
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    length: bytes.byteLength,
    u8: (at) => data.getUint8(at),
    u16: (at, little) => data.getUint16(at, little),
    u24: (at) => data.getUint16(at) * 0x100 + data.getUint8(at + 2),
    u32: (at, little) => data.getUint32(at, little),
    u64: (at, little) => Number(data.getBigUint64(at, little)),
    text: (at, count) => String.fromCharCode(...bytes.subarray(at, at + count)),
    f32: (at) => data.getFloat32(at),
    f64: (at) => data.getFloat64(at),
    step() {
      if (++steps > MAX_STEPS) throw unreadable('is malformed: it has too many pieces');
    },
  };
}

/** The problem of a file whose type is known and that can't be used. */
export function unreadable(detail: string): ProblemError {
  return new ProblemError('invalid_input', detail);
}

/** Runs `read`. Where it reads past the end, the file is cut off or malformed. */
export function inspecting<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw unreadable('is cut off or malformed');
    throw error;
  }
}
