/** One connection to a job's event stream (Server-Sent Events, HTML Living Standard section 9.2). */
import { createParser } from 'eventsource-parser';
import type { Send } from './request.ts';

/** An event as it came. `id`: its number in the job's journal; lasting events and the end have one. */
export type RawEvent = { id?: number | undefined; type: string; data: Record<string, unknown> };

/** What one connection is opened with. `cursor`: the number of the last event that the client has, if it has any. */
export type StreamOptions = {
  send: Send;
  url: string;
  cursor: number | undefined;
  /** After so long in silence the connection counts as dead, in ms. */
  silenceMs: number;
  signal: AbortSignal;
  onEvent: (event: RawEvent) => void;
};

/**
 * How it ended: at the job's end, or there was nothing after the cursor; lost, to be opened again (`heard`: whether any event came;
 * `retryMs`: when the server would have us back); refused; or the platform's fetch has no body that can be read piece by piece.
 */
export type StreamEnd =
  | { type: 'over' }
  | { type: 'lost'; heard: boolean; retryMs?: number | undefined }
  | { type: 'refused'; response: Response }
  | { type: 'no stream' };

/** Statuses that pass by themselves. */
const isPassing = (status: number): boolean => status >= 500 || status === 429 || status === 408;

/** Opens a connection and reads it to its end. It never rejects. */
export async function readStream({ send, url, cursor, silenceMs, signal, onEvent }: StreamOptions): Promise<StreamEnd> {
  const own = new AbortController();
  const leave = (): void => own.abort();
  signal.addEventListener('abort', leave);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heardSomething = (): void => {
    clearTimeout(timer);
    timer = setTimeout(leave, silenceMs);
  };
  let heard = false;
  let isOver = false;
  let retryMs: number | undefined;
  try {
    if (signal.aborted) return { type: 'lost', heard };
    heardSomething();
    const resume = cursor === undefined ? {} : { 'last-event-id': String(cursor) };
    const response = await send(url, { headers: { accept: 'text/event-stream', ...resume }, signal: own.signal, cache: 'no-store' });
    if (response.status === 204) return { type: 'over' };
    if (!response.ok) {
      const seconds = Number(response.headers.get('retry-after') ?? 0);
      return isPassing(response.status) ? { type: 'lost', heard, retryMs: seconds * 1000 } : { type: 'refused', response };
    }
    if (!response.body?.getReader) return { type: 'no stream' };
    const parser = createParser({
      onEvent: ({ id, event: type = 'message', data }) => {
        const value = parse(data);
        if (!value || own.signal.aborted || isOver) return; // what comes after an abort or the end is nobody's
        heard = true;
        isOver = type === 'completed' || type === 'failed' || type === 'cancelled';
        onEvent({ type, data: value, id: id === undefined || !/^\d+$/.test(id) ? undefined : Number(id) });
      },
      onRetry: (ms) => (retryMs = ms),
    });
    await readInto(response.body, own.signal, (text) => {
      heardSomething();
      parser.feed(text);
    });
    return isOver ? { type: 'over' } : { type: 'lost', heard, retryMs };
  } catch {
    return isOver ? { type: 'over' } : { type: 'lost', heard, retryMs };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
    own.abort(); // nothing of the connection stays
  }
}

/** Reads to the end, or to the signal. A platform may go on to read after an abort, so the reader is let go. */
async function readInto(body: ReadableStream<Uint8Array>, signal: AbortSignal, take: (text: string) => void): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const aborted = new Promise<{ done: true; value?: undefined }>((resolve) => {
    const end = (): void => resolve({ done: true });
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  for (;;) {
    const { done, value } = await Promise.race([reader.read(), aborted]);
    if (done) break;
    take(decoder.decode(value, { stream: true }));
  }
  void reader.cancel().catch(() => {});
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // a frame that was cut
  }
}
