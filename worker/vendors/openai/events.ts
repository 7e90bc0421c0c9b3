/**
 * Reads what a server sends: Server-Sent Events up to `[DONE]`, each as its JSON; or JSON, from
 * servers that do not stream though they were asked to.
 */

/**
 * The longest event, in characters: no server can make the worker keep more than this of one answer
 * in memory.
 */
const MAX_EVENT = 2_097_152;

/** The server sends an event that is too long. */
export class EventTooLong extends Error {
  override name = 'EventTooLong';
}

/** A comment has come, which says that the server works. */
export const ALIVE: unique symbol = Symbol('alive');

/**
 * Reads the events. The SDK can do this, too, but it takes four generators and a race of promises
 * for each event, which is most of what a worker does while models write. Whoever stops reading, or
 * aborts the signal, closes the connection. After an abort the events end, with an error or without
 * one. `max`: the length of the longest event, in characters.
 * @throws SyntaxError if an event is no JSON; EventTooLong; what the connection throws
 */
export async function* readEvents({ body }: Response, signal: AbortSignal, max = MAX_EVENT): AsyncGenerator<unknown, void> {
  if (body === null) return;
  const reader = body.getReader();
  const stop = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', stop);
  const decoder = new TextDecoder();
  let parser: Parser | undefined;
  try {
    for (let ended = signal.aborted; !ended;) {
      const { done, value } = await reader.read();
      ended = done;
      const text = done ? decoder.decode() : decoder.decode(value, { stream: true });
      parser ??= parserFor(text, max);
      // Some servers leave out the empty line after the last event.
      for (const event of [...(parser?.write(text) ?? []), ...((done && parser?.end()) || [])]) {
        if (event === ALIVE) yield ALIVE;
        else if (event === DONE) return;
        else yield JSON.parse(event);
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** What stands in the place of the last event. */
const DONE: unique symbol = Symbol('done');

/** Text goes in; the data of events that are finished come out. */
type Parser = { write(text: string): Sent[]; end(): Sent[] };
type Sent = string | typeof ALIVE | typeof DONE;

/** A line of an event stream begins with the name of a field or a colon, and never as JSON does. */
function parserFor(text: string, max: number): Parser | undefined {
  const first = /[^\s\uFEFF]/.exec(text)?.[0];
  if (first === undefined) return undefined;
  return first === '{' || first === '[' ? createJsonBody(max) : createParser(max);
}

/** Reads a body of JSON: one value, a list of them, or one in each line. */
function createJsonBody(max: number): Parser {
  let body = '';
  return {
    write(text) {
      body += text;
      if (body.length > max) throw new EventTooLong('the body of the answer is too long');
      return [];
    },
    end() {
      try {
        const value: unknown = JSON.parse(body);
        return (Array.isArray(value) ? value : [value]).map((each) => JSON.stringify(each));
      } catch {
        return body.split('\n').filter((line) => line.trim() !== '');
      }
    },
  };
}

/**
 * The end of a line. If the text ends with `\r`, the next text may begin with the `\n` that belongs
 * to it.
 */
const LINE_END = /\r\n|\n|\r(?=[^])/g;

/** Makes a parser of event streams (WHATWG HTML, section 9.2). */
function createParser(max: number): Parser {
  let rest = ''; // the beginning of a line
  let data: string[] = [];
  let size = 0; // the characters in `data`
  let name = '';

  const take = (line: string): Sent | undefined => {
    if (line === '') {
      const event = data.join('\n').trim();
      const isError = name === 'error' && !event.includes('"error"');
      [data, size, name] = [[], 0, ''];
      if (event === '') return undefined;
      if (event === '[DONE]') return DONE;
      return isError ? `{"error":${event}}` : event;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return ALIVE;
    const [field, value] = colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))];
    if (field === 'event') name = value;
    if (field !== 'data') return undefined;
    data.push(value);
    size += value.length;
    return undefined;
  };

  const write = (text: string): Sent[] => {
    const events: Sent[] = [];
    const all = rest + text;
    let from = 0;
    for (const { 0: end, index } of all.matchAll(LINE_END)) {
      const event = take(all.slice(from, index));
      if (event) events.push(event);
      from = index + end.length;
    }
    rest = all.slice(from);
    if (rest.length + size > max) throw new EventTooLong('an event of the answer is too long');
    return events;
  };
  return { write, end: () => write('\n\n') };
}
