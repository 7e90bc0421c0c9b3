/** One connection to a job's event stream (Server-Sent Events, HTML Living Standard section 9.2). */
import { ENDS } from './events.ts';
import { createFrameReader } from './frames.ts';
import { createGuard } from './guard.ts';
import { type ApiError, JobError, problemOf } from './problem.ts';
import { isPassing, type Wire } from './request.ts';

/** An event as it came. `id`: its number in the job's journal; lasting events and the end have one. */
export type RawEvent = { id?: number | undefined; type: string; data: Record<string, unknown> };

/** What one connection is opened with. `cursor`: the number of the last event that the client has, if it has any. */
export type StreamOptions = {
  wire: Wire;
  url: string;
  cursor?: number | undefined;
  signal: AbortSignal;
  onEvent: (event: RawEvent) => void;
  /** The server has sent an event, or a comment, by which it says that the connection lives. */
  onHeard: () => void;
};

/**
 * How it ended: at the job's end, or there was nothing after the cursor; lost, to be opened again (`heard`: whether any event came;
 * `retryMs`: when the server would have us back; `error`: why); refused; or the platform's fetch has no body that can be read piece by piece.
 */
export type StreamEnd =
  | { type: 'over' }
  | { type: 'lost'; heard: boolean; retryMs?: number | undefined; error: unknown }
  | { type: 'refused'; error: ApiError }
  | { type: 'no stream' };

/** Opens a connection and reads it to its end. It never rejects. */
export async function readStream({ wire, url, cursor, signal, onEvent, onHeard }: StreamOptions): Promise<StreamEnd> {
  const guard = createGuard(wire.silenceMs, signal);
  let heard = false;
  let isOver = false;
  let retryMs: number | undefined;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const lost = (error: unknown): StreamEnd => (isOver ? { type: 'over' } : { type: 'lost', heard, retryMs, error });
  const feed = createFrameReader({
    onFrame: ({ id, type, data }) => {
      const value = parse(data);
      if (!value || guard.signal.aborted || isOver) return; // what comes after an abort or the end is nobody's
      heard = true;
      onHeard();
      isOver = id !== undefined && ENDS.has(type);
      onEvent({ type, data: value, id: id === undefined || !/^\d+$/.test(id) ? undefined : Number(id) });
    },
    onRetry: (ms) => (retryMs = ms),
    onComment: onHeard,
  });
  try {
    const resume = cursor === undefined ? {} : { 'last-event-id': String(cursor) };
    const headers = { accept: 'text/event-stream', ...resume };
    const response = await guard.race(wire.send(url, { headers, signal: guard.signal, cache: 'no-store' }));
    if (response.status === 204) return { type: 'over' };
    if (!response.ok) {
      const error = new JobError(await guard.race(problemOf(response)));
      retryMs = error.retryAfterMs;
      return isPassing(response.status) ? lost(error) : { type: 'refused', error };
    }
    if (!response.body?.getReader) return { type: 'no stream' };
    reader = response.body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await guard.race(reader.read());
      if (done) return lost(undefined);
      guard.heard();
      feed(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    return lost(error);
  } finally {
    guard.leave(); // nothing of the connection stays
    void reader?.cancel().catch(() => {}); // a platform may go on to read after an abort
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // a frame that was cut
  }
}
