/** Event streams as they arrive: every event, comment and `retry` in order, with the moment it came. */
import { createParser } from 'eventsource-parser';
import type { Ask, Http } from './http.ts';
import { ENDS } from './shapes.ts';

/** One event. */
export type StreamEvent = { type: 'event'; at: number; id: string | undefined; event: string; data: Record<string, unknown> };

/** One part of a stream. `at`: when it came, in ms on the clock of performance.now(). */
export type Frame = StreamEvent | { type: 'retry'; at: number; ms: number } | { type: 'comment'; at: number; text: string };

/** A stream that is being read. */
export type Recording = {
  /** Resolves with the head of the answer; rejects if there is none in time. */
  head: Promise<{ status: number; headers: Headers }>;
  /** All that came so far, in order. A field `retry` within an event comes before its event. */
  frames: readonly Frame[];
  /** The events so far. */
  events(): StreamEvent[];
  /** How the stream closed; undefined while it is open. `cut`: its connection broke. */
  closed(): 'closed' | 'cut' | undefined;
  /** Resolves with true as soon as something holds; with false if the time (ms) is over, or the stream has closed without it. */
  until(holds: () => boolean, ms: number): Promise<boolean>;
  /** Stops reading. */
  leave(): void;
};

/** Opens a stream and records it until it closes, or until it is left. Without other headers it asks for no compression. */
export function openStream(http: Http, path: string, { method = 'GET', headers, body, anonymous }: Ask = {}): Recording {
  const leaving = new AbortController();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no answer within ${http.patienceMs / 1000} s`)), http.patienceMs);
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  let closed: 'closed' | 'cut' | undefined;
  const wake = (): void => waiting.forEach((look) => look());

  const opened = fetch(http.urlOf(path), {
    method,
    headers: {
      accept: 'text/event-stream',
      'accept-encoding': 'identity',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(!anonymous && http.identity),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    redirect: 'manual',
    signal: AbortSignal.any([leaving.signal, late.signal]),
  }).finally(() => clearTimeout(timer));
  const head = opened.then((response) => ({ status: response.status, headers: response.headers }));
  head.catch(() => {}); // who needs it awaits it
  void opened
    .then((response) => read(response, frames, wake))
    .then(
      () => (closed = 'closed'),
      () => (closed = 'cut'),
    )
    .finally(wake);

  const until = (holds: () => boolean, ms: number): Promise<boolean> =>
    new Promise((resolve) => {
      const settle = (result: boolean): void => {
        clearTimeout(limit);
        waiting.delete(look);
        resolve(result);
      };
      const look = (): void => {
        if (holds()) settle(true);
        else if (closed) settle(false);
      };
      const limit = setTimeout(() => settle(holds()), ms);
      waiting.add(look);
      look();
    });
  const events = () => frames.filter((frame) => frame.type === 'event');
  return { head, frames, events, closed: () => closed, until, leave: () => leaving.abort() };
}

/** Reads the body of an answer into frames. `arrived` is called after each piece. */
async function read(response: Response, frames: Frame[], arrived: () => void): Promise<void> {
  const at = () => performance.now();
  const parser = createParser({
    onEvent: ({ id, event = 'message', data }) => void frames.push({ type: 'event', at: at(), id, event, data: parseData(data) }),
    onRetry: (ms) => void frames.push({ type: 'retry', at: at(), ms }),
    onComment: (text) => void frames.push({ type: 'comment', at: at(), text }),
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    arrived();
  }
}

function parseData(data: string): Record<string, unknown> {
  try {
    return JSON.parse(data) as Record<string, unknown>;
  } catch {
    return { notJson: data };
  }
}

/** The events that a client must keep: those with an id. */
export function lasting(events: readonly StreamEvent[]): StreamEvent[] {
  return events.filter(({ id }) => id !== undefined);
}

/** Whether an event ends its job. */
export function isEnd({ event }: StreamEvent): boolean {
  return ENDS.includes(event);
}

/** Whether a comment is the padding at the beginning of a stream. It is the only one that is empty but for spaces. */
export function isPadding(frame: Frame): boolean {
  return frame.type === 'comment' && frame.text.trim() === '';
}

/** Whether a frame is a comment that keeps the connection in use. */
export function isPing(frame: Frame): boolean {
  return frame.type === 'comment' && !isPadding(frame);
}

/** A frame in a few words. */
export function nameOf(frame: Frame): string {
  if (frame.type === 'event') return frame.event;
  return frame.type === 'retry' ? `retry ${frame.ms}` : `a comment of ${frame.text.length} characters`;
}

/** Events by their names and ids, as a report shows them. */
export function showEvents(events: readonly StreamEvent[]): string {
  if (events.length === 0) return 'no event';
  return events.map(({ id, event }) => (id === undefined ? event : `${event} ${id}`)).join(', ');
}

/** Opens a stream and reads it to the job's end, or until it closes. Resolves with its head and what it had. */
export async function readStream(http: Http, path: string, ask: Ask = {}): Promise<Recording & { status: number; headers: Headers }> {
  const recording = openStream(http, path, ask);
  const { status, headers } = await recording.head;
  await recording.until(() => recording.events().some(isEnd), http.patienceMs);
  recording.leave();
  return { ...recording, status, headers };
}
