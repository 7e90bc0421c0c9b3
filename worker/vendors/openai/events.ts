/**
 * Reads what a server sends: Server-Sent Events up to `[DONE]`, each as its JSON; or JSON, from
 * servers that do not stream though they were asked to.
 */
import { parseJson } from '../../../src/job/parse-json.ts';

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
  return first === '{' || first === '[' ? new JsonBody(max) : new EventParser(max);
}

/** Reads a body of JSON: one value, a list of them, or one in each line. */
class JsonBody implements Parser {
  readonly #max: number;
  #body = '';

  constructor(max: number) {
    this.#max = max;
  }

  write(text: string): Sent[] {
    this.#body += text;
    if (this.#body.length > this.#max) throw new EventTooLong('the body of the answer is too long');
    return [];
  }

  end(): Sent[] {
    const value = parseJson(this.#body);
    if (value === undefined) return this.#body.split('\n').filter((line) => line.trim() !== '');
    return (Array.isArray(value) ? value : [value]).map((each) => JSON.stringify(each));
  }
}

/**
 * The end of a line. If the text ends with `\r`, the next text may begin with the `\n` that belongs
 * to it.
 */
const LINE_END = /\r\n|\n|\r(?=[^])/g;

/** Parses an event stream (WHATWG HTML, section 9.2). */
class EventParser implements Parser {
  readonly #max: number;
  /** The beginning of a line. */
  #rest = '';
  #data: string[] = [];
  /** How many characters are in the data. */
  #size = 0;
  #name = '';

  constructor(max: number) {
    this.#max = max;
  }

  write(text: string): Sent[] {
    const events: Sent[] = [];
    const all = this.#rest + text;
    let from = 0;
    for (const { 0: end, index } of all.matchAll(LINE_END)) {
      const event = this.#take(all.slice(from, index));
      if (event) events.push(event);
      from = index + end.length;
    }
    this.#rest = all.slice(from);
    if (this.#rest.length + this.#size > this.#max) throw new EventTooLong('an event of the answer is too long');
    return events;
  }

  end(): Sent[] {
    return this.write('\n\n');
  }

  #take(line: string): Sent | undefined {
    if (line === '') return this.#endEvent();
    const colon = line.indexOf(':');
    if (colon === 0) return ALIVE;
    const [field, value] = colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))];
    if (field === 'event') this.#name = value;
    if (field !== 'data') return undefined;
    this.#data.push(value);
    this.#size += value.length;
    return undefined;
  }

  #endEvent(): Sent | undefined {
    const event = this.#data.join('\n').trim();
    const isError = this.#name === 'error' && !event.includes('"error"');
    [this.#data, this.#size, this.#name] = [[], 0, ''];
    if (event === '') return undefined;
    if (event === '[DONE]') return DONE;
    return isError ? `{"error":${event}}` : event;
  }
}
