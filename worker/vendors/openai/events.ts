/**
 * Reads what a server sends: Server-Sent Events up to `[DONE]`, each as its JSON; or JSON, from
 * servers that do not stream though they were asked to.
 */
import { parseJson } from '../../../src/job/parse-json.ts';
import type { StreamedAnswer } from '../../streamed-post.ts';

/**
 * The longest event, in characters: no server can make the worker keep more than this of one answer
 * in memory.
 */
const MAX_EVENT = 2_097_152;

const BYTE_ORDER_MARK = '\uFEFF';

/** The server sends an event that is too long. */
export class EventTooLong extends Error {
  override name = 'EventTooLong';
}

/** A comment has come, which says that the server works. */
export const ALIVE: unique symbol = Symbol('alive');

/** What events are read from; see {@link StreamedAnswer}. */
export type EventSource = Pick<StreamedAnswer, 'texts' | 'over' | 'close'>;

/**
 * Reads the events; those that come together are handed on together. The SDK can do this, too, but
 * it takes four generators and a race of promises for each event, which is most of what a worker
 * does while models write. When the reading stops, the answer is closed. `max`: the length of the
 * longest event, in characters.
 * @throws SyntaxError if an event is no JSON; EventTooLong; what the connection throws
 */
export async function* readEvents(answer: EventSource, max = MAX_EVENT): AsyncGenerator<unknown[], void> {
  let parser: Parser | undefined;
  try {
    for await (const piece of answer.texts()) {
      const text = parser === undefined && piece.startsWith(BYTE_ORDER_MARK) ? piece.slice(1) : piece;
      parser ??= parserFor(text, max);
      const { events, isLast, error } = parseAll(parser?.write(text) ?? []);
      if (events.length > 0) yield events;
      if (error) throw error;
      if (isLast) return answer.over();
    }
    if (!parser) return;
    // Some servers leave out the empty line after the last event.
    const { events, error } = parseAll(parser.end());
    yield events;
    if (error) throw error;
  } finally {
    answer.close();
  }
}

/** What was sent, up to `[DONE]`, and up to what is no JSON. */
function parseAll(sent: readonly Sent[]): { events: unknown[]; isLast: boolean; error?: unknown } {
  const events: unknown[] = [];
  for (const each of sent) {
    if (each === DONE) return { events, isLast: true };
    try {
      events.push(each === ALIVE ? ALIVE : (JSON.parse(each) as unknown));
    } catch (error) {
      return { events, isLast: false, error };
    }
  }
  return { events, isLast: false };
}

/** What stands in the place of the last event. */
const DONE: unique symbol = Symbol('done');

/** Text goes in; the data of events that are finished come out. */
type Parser = { write(text: string): Sent[]; end(): Sent[] };
type Sent = string | typeof ALIVE | typeof DONE;

/** A line of an event stream begins with the name of a field or a colon, and never as JSON does. */
function parserFor(text: string, max: number): Parser | undefined {
  const first = /\S/.exec(text)?.[0];
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

/** Parses an event stream (WHATWG HTML, section 9.2). */
class EventParser implements Parser {
  readonly #max: number;
  /** The beginning of a line, or a `\r` whose `\n` may come yet. */
  #rest = '';
  /** The data of the event so far; undefined while it has none. */
  #data: string | undefined;
  #name = '';

  constructor(max: number) {
    this.#max = max;
  }

  write(text: string): Sent[] {
    const events: Sent[] = [];
    const all = withPlainEnds(this.#rest + text);
    let from = 0;
    for (let end = all.indexOf('\n'); end !== -1; end = all.indexOf('\n', from)) {
      const event = end === from ? this.#endEvent() : this.#take(all.slice(from, end));
      if (event) events.push(event);
      from = end + 1;
    }
    this.#rest = all.slice(from);
    if (this.#rest.length + (this.#data?.length ?? 0) > this.#max) throw new EventTooLong('an event of the answer is too long');
    return events;
  }

  end(): Sent[] {
    return this.write('\n\n');
  }

  /** Takes a line that is not empty. */
  #take(line: string): typeof ALIVE | undefined {
    const colon = line.indexOf(':');
    if (colon === 0) return ALIVE;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (field === 'event') this.#name = value;
    if (field === 'data') this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    return undefined;
  }

  #endEvent(): Sent | undefined {
    const event = this.#data?.trim() ?? '';
    const isError = this.#name === 'error' && !event.includes('"error"');
    this.#data = undefined;
    this.#name = '';
    if (event === '') return undefined;
    if (event === '[DONE]') return DONE;
    return isError ? `{"error":${event}}` : event;
  }
}

/**
 * Lines that end with `\r\n` or `\r` end with `\n` instead. A `\r` that comes last stays: its `\n`
 * may be the next text's first character.
 */
function withPlainEnds(text: string): string {
  return text.includes('\r') ? text.replaceAll(/\r\n|\r(?=[^])/g, '\n') : text;
}
