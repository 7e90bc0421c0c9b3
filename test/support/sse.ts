/** A client of event streams: reads frames with a well-kept parser, waits for what a test wants to see. */
import { createParser } from 'eventsource-parser';
import { within } from './waits.ts';

/** An event as a client gets it. */
export type StreamEvent = { id?: string | undefined; event: string; data: Record<string, any> };

/** An open stream. */
export type Watched = {
  response: Response;
  /** Everything so far. */
  events: StreamEvent[];
  /** The raw text so far. */
  text(): string;
  /** The `retry` fields so far, in ms. */
  retries: number[];
  /** Resolves with the first event, seen or coming, that fits; rejects if the stream ends without it, or the wait is over. */
  until(fits: (event: StreamEvent) => boolean): Promise<StreamEvent>;
  /** Resolves once the server has closed the stream. */
  ended: Promise<void>;
  /** Goes away. */
  leave(): void;
};

/** Events that end a job. */
export const isEnd = ({ event }: StreamEvent) => ['completed', 'failed', 'cancelled'].includes(event);

/** Events that are kept: those with an id. */
export const lasting = (events: StreamEvent[]) => events.filter(({ id }) => id !== undefined);

/** Opens a stream, as fetch does. */
export async function watch(url: string, headers: Record<string, string> = {}, init: RequestInit = {}): Promise<Watched> {
  const leaving = new AbortController();
  const response = await fetch(url, { ...init, headers: { accept: 'text/event-stream', ...headers }, signal: leaving.signal });
  const events: StreamEvent[] = [];
  const retries: number[] = [];
  const waiting = new Set<() => void>();
  let text = '';
  let over = false;
  const seen = () => events.map(({ event, data }) => `${event} ${JSON.stringify(data).slice(0, 200)}`).join('\n') || 'no event';
  const wake = () => waiting.forEach((look) => look());

  const parser = createParser({
    onEvent: ({ id, event, data }) => void events.push({ id, event: event ?? 'message', data: JSON.parse(data) }),
    onRetry: (ms) => void retries.push(ms),
  });
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      const part = decoder.decode(chunk, { stream: true });
      text += part;
      parser.feed(part);
      wake();
    }
  };
  const ended = read()
    .catch((error: unknown) => {
      if (!leaving.signal.aborted) throw error;
    })
    .finally(() => {
      over = true;
      wake();
    });
  ended.catch(() => {}); // a test that cares awaits it

  return {
    response,
    events,
    text: () => text,
    retries,
    until: (fits) => {
      const found = new Promise<StreamEvent>((resolve, reject) => {
        const look = () => {
          const event = events.find(fits);
          if (!event && !over) return;
          waiting.delete(look);
          if (event) resolve(event);
          else reject(new Error(`the stream ended without it; it had ${seen()}`));
        };
        waiting.add(look);
        look();
      });
      return within(found, 'an event that fits', seen);
    },
    ended,
    leave: () => leaving.abort(),
  };
}
