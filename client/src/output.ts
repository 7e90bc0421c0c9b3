/** Reads a file that a job has made, and says how far that is. */
import type { Guard } from './guard.ts';
import type { CallOptions } from './request.ts';

/** How a file is read. */
export type OutputOptions = CallOptions & {
  /** Called with each piece. `total` is absent where the server does not say it. In bytes. */
  onProgress?: ((progress: { loaded: number; total?: number | undefined }) => void) | undefined;
  /** A part of it: the first byte and the last one, counted from 0. Without a last one, to the end. */
  range?: { start: number; end?: number | undefined } | undefined;
};

/** The headers that ask for a part. */
export function rangeHeaders({ range, headers }: OutputOptions): Record<string, string> {
  return { ...(range && { range: `bytes=${range.start}-${range.end ?? ''}` }), ...headers };
}

/** Reads the body of an answer to its end, however long it takes, unless no byte comes for too long. */
export async function readFileOf(response: Response, guard: Guard, { onProgress }: OutputOptions): Promise<Blob> {
  const reader = response.body?.getReader?.();
  if (!reader) return guard.race(response.blob()); // the platform can't read it piece by piece
  const total = Number(response.headers.get('content-length')) || undefined;
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let loaded = 0; ;) {
    const { done, value } = await guard.race(reader.read());
    if (done) return new Blob(pieces, { type: response.headers.get('content-type') ?? '' });
    guard.heard();
    pieces.push(value);
    onProgress?.({ loaded: (loaded += value.length), total });
  }
}
