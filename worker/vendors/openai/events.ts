/** Reads an answer that streams as Server-Sent Events: the JSON of each event, up to `[DONE]`. */
import { APIError } from 'openai';

/** The longest event, in characters: no server can make the worker keep more than this of one answer in memory. */
const MAX_EVENT = 2_097_152;

/** The server sends an event that is too long. */
export class EventTooLong extends Error {
  override name = 'EventTooLong';
}

/**
 * Reads the events. The SDK can do this, too, but it takes four generators and a race of promises for each event, which is
 * most of what a worker does while models write. Whoever stops reading, or aborts the signal, closes the connection. After an
 * abort the events end, with an error or without one.
 * @throws APIError if the server sends an error; SyntaxError if an event is no JSON; EventTooLong; what the connection throws
 */
export async function* readEvents({ body, headers }: Response, signal: AbortSignal): AsyncGenerator<unknown, void> {
  if (body === null) return;
  const reader = body.getReader();
  const stop = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', stop);
  const decoder = new TextDecoder();
  const parser = createParser();
  try {
    for (let ended = signal.aborted; !ended;) {
      const { done, value } = await reader.read();
      ended = done;
      // Some servers leave out the empty line after the last event.
      const text = done ? `${decoder.decode()}\n\n` : decoder.decode(value, { stream: true });
      for (const { name, data } of parser.write(text)) {
        if (data === '[DONE]') return;
        const event: unknown = JSON.parse(data);
        const failure = failureIn(name, event);
        if (failure) throw new APIError(undefined, failure, undefined, headers);
        yield event;
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** The error that an event reports; undefined if it is none. */
function failureIn(name: string, event: unknown): object | undefined {
  const { error } = (event ?? {}) as { error?: unknown };
  if (name !== 'error' && !error) return undefined;
  const failure = error ?? event;
  return typeof failure === 'object' && failure !== null ? failure : { message: failure };
}

/** An event as it was sent. */
type SentEvent = { name: string; data: string };

/** The end of a line. If the text ends with `\r`, the next text may begin with the `\n` that belongs to it. */
const LINE_END = /\r\n|\n|\r(?=[^])/g;

/** Makes a parser of event streams (WHATWG HTML, section 9.2). Text goes in; events that are finished come out. */
function createParser() {
  let rest = ''; // the beginning of a line
  let name = '';
  let data: string[] = [];
  let size = 0; // the characters in `data`

  const take = (line: string): SentEvent | undefined => {
    if (line === '') {
      const event = { name, data: data.join('\n') };
      [name, data, size] = ['', [], 0];
      return event.data === '' ? undefined : event;
    }
    const colon = line.indexOf(':');
    const [field, value] = colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))];
    if (field === 'event') name = value;
    if (field !== 'data') return undefined;
    data.push(value);
    size += value.length;
    return undefined;
  };

  return {
    write(text: string): SentEvent[] {
      const events: SentEvent[] = [];
      const all = rest + text;
      let from = 0;
      for (const { 0: end, index } of all.matchAll(LINE_END)) {
        const event = take(all.slice(from, index));
        if (event) events.push(event);
        from = index + end.length;
      }
      rest = all.slice(from);
      if (rest.length + size > MAX_EVENT) throw new EventTooLong('an event of the answer is too long');
      return events;
    },
  };
}
