/** Reads a streamed completion to its end, or until more of it would bring nothing. */
import type { AnswerRequest, Call, Piece, Report } from '../../capabilities.ts';
import type { ProgressWatch } from '../progress-watch.ts';
import type { AnswerTexts } from './answer-texts.ts';
import { type Delta, type Finish, readChunk } from './chunk.ts';
import { ALIVE } from './events.ts';
import type { CallUsage } from './usage.ts';

/** How an answer ended. */
export type AnswerEnding =
  /** Its JSON is closed. */
  | { end: 'whole' }
  /** `take` said `enough`. */
  | { end: 'enough' }
  /** The limit of tokens was reached. */
  | { end: 'length' }
  /** For the whole time of the watch text came, but no new item and no value that grows. */
  | { end: 'stuck' }
  /** Nothing came for the whole time of the watch. */
  | { end: 'silent' }
  /** For longer than is allowed there were only signs of life, or thinking. */
  | { end: 'thinking' }
  /** The model declined (`words` has its reason), or a filter of the provider stopped it. */
  | { end: 'refused'; words: string }
  | { end: 'filtered' }
  /** It is not what was asked for; `why` is for a client. */
  | { end: 'broken'; why: string }
  /** The connection ended first. */
  | { end: 'cut' };

/** Who works with an answer while it is read, and what it may take. */
export type ReadingContext = {
  texts: AnswerTexts;
  taker: Pick<AnswerRequest, 'take' | 'whole'> & Pick<Report, 'begun' | 'alive'>;
  call: Pick<Call, 'note'>;
  usage: CallUsage;
  watch: ProgressWatch;
  /** Aborts when the run has to stop: then nothing more is handed on. */
  signal: AbortSignal;
  /**
   * How long signs of life, and thinking, may bridge the time between two steps of the answer, in
   * ms.
   */
  thinkingMaxMs: number;
  /** So many characters since the last new item count as growth. More than that is no progress. */
  maxGrowth: number;
  /** After so many chunks with text the answer is stopped, even if the server ignores the limit. */
  maxTokens: number;
  /** Makes the error of what the server reports instead of an answer. */
  toError(reported: object): Error;
};

/** How long to wait for the usage after an answer has ended: in ms, and in chunks with text. */
const TAIL_MS = 800;
const TAIL_DELTAS = 32;

/** How many characters of a refusal are read. */
const MAX_REFUSAL = 2000;

/** Reads one completion. */
export class CompletionReader {
  readonly #context: ReadingContext;
  readonly #begun = performance.now();
  #lastProgress = this.#begun;
  #deltasAtProgress = 0;
  /** How many characters have come since the last new item. */
  #grown = 0;
  #given = 0;
  #refusal = '';

  constructor(context: ReadingContext) {
    this.#context = context;
  }

  /**
   * Reads chunks until the ending is known and the usage has come. To leave the loop ends the
   * stream. An error of the stream after the ending changes nothing. Resolves with the ending, and
   * with how many pieces there were, new or not.
   */
  async read(chunks: AsyncIterable<unknown>): Promise<AnswerEnding & { given: number }> {
    const { watch, usage } = this.#context;
    let ending: AnswerEnding | undefined;
    let lastDelta = Infinity;
    let finished = false;
    try {
      for await (const raw of chunks) {
        if (raw === ALIVE) {
          ending ??= this.#live();
          if (ending?.end === 'thinking') break;
          continue;
        }
        const delta = readChunk(raw);
        this.#count(delta, ending !== undefined);
        finished ||= delta.finish !== undefined;
        if (!ending) {
          ending = await this.#take(delta);
          if (ending) lastDelta = this.#beginTail(ending);
        }
        const billed = finished && delta.usage.outputTokens !== undefined;
        if (ending && (billed || usage.deltas >= lastDelta || delta.error)) break;
      }
    } catch (error) {
      if (!ending && !watch.signal.aborted) throw error;
    }
    ending ??= await this.#stop(watch.signal.aborted);
    return { ...ending, given: this.#given };
  }

  #count(delta: Delta, isEnded: boolean): void {
    const { usage, call, toError } = this.#context;
    usage.add(delta);
    if (delta.error && !isEnded) {
      usage.refuse();
      throw toError(delta.error);
    }
    call.note(usage.used());
  }

  /**
   * The ending is known, and only the usage is awaited. Returns after how many chunks with text
   * that is given up.
   */
  #beginTail({ end }: AnswerEnding): number {
    const { taker, watch, usage } = this.#context;
    if (end === 'whole') taker.whole();
    watch.restart(TAIL_MS);
    return usage.deltas + TAIL_DELTAS;
  }

  async #take(delta: Delta): Promise<AnswerEnding | undefined> {
    const { texts, usage, maxGrowth, maxTokens } = this.#context;
    this.#refusal += delta.refusal;
    const { found } = texts.current;
    const pieces = texts.take(delta);
    if (await this.#handOn(pieces)) return { end: 'enough' };
    const { state, broken } = texts.current;
    if (state === 'ended') return this.#finish('stop');
    if (state === 'broken') return { end: 'broken', why: broken };
    if (delta.finish !== undefined) return this.#finish(delta.finish);
    if (this.#refusal.length > MAX_REFUSAL) return { end: 'refused', words: this.#refusal };
    if (usage.deltas >= maxTokens) return this.#finish('length');
    if (texts.current.found > found && pieces.length === 0) this.#progress(0); // an item that is held
    const isThinking = visible(delta.reasoning) > 0 || (state === 'thinking' && visible(delta.content) > 0);
    if (isThinking || isEmpty(delta)) return this.#live();
    // Only the cap limits thinking. The longest item limits a value that grows, and a model that
    // repeats itself.
    const growth = visible(delta.content + delta.refusal + delta.args);
    this.#grown += growth;
    if (growth > 0 && this.#grown <= maxGrowth) this.#progress();
    return undefined;
  }

  /** Hands finished pieces on. Resolves with true if the taker has enough. */
  async #handOn(pieces: Piece[]): Promise<boolean> {
    const { taker, watch } = this.#context;
    for (const { field, value } of pieces) {
      if (this.#given++ === 0) await watch.without(async () => taker.begun());
      const verdict = await watch.without(() => taker.take(field, value));
      if (verdict === 'enough') return true;
      if (verdict === 'new') this.#progress(0);
    }
    return false;
  }

  /** The answer has made a step. */
  #progress(grown = this.#grown): void {
    this.#grown = grown;
    this.#deltasAtProgress = this.#context.usage.deltas;
    this.#lastProgress = performance.now();
    this.#context.watch.restart();
  }

  /**
   * The server works, but nothing of the answer comes: the time goes on as far as that is allowed.
   */
  #live(): AnswerEnding | undefined {
    const { taker, usage, watch, thinkingMaxMs } = this.#context;
    const now = performance.now();
    if (now - this.#lastProgress > thinkingMaxMs) return { end: 'thinking' };
    if (now - this.#begun <= thinkingMaxMs) taker.alive();
    this.#deltasAtProgress = usage.deltas;
    watch.restart();
    return undefined;
  }

  /** Hands on what was held, and tells how the answer has ended. */
  async #finish(reason: Finish): Promise<AnswerEnding> {
    const { texts } = this.#context;
    if (this.#refusal !== '') return { end: 'refused', words: this.#refusal };
    if (reason === 'filtered' || reason === 'cut') return { end: reason };
    if (await this.#handOn(texts.end(reason === 'length' ? 'cut' : 'finished'))) return { end: 'enough' };
    const { whole, broken } = texts.current;
    if (whole) return { end: 'whole' };
    if (reason === 'length') return { end: 'length' };
    return { end: 'broken', why: broken || 'The model ended its answer before the JSON in it was whole.' };
  }

  /**
   * The stream is over without an end, or its time is up. What was held goes out only if it is
   * whole.
   */
  async #stop(isTimeUp: boolean): Promise<AnswerEnding> {
    const { texts, signal, usage } = this.#context;
    if (!signal.aborted) {
      const pieces = texts.end(isTimeUp ? 'cut' : 'ended');
      if (texts.current.whole) return (await this.#handOn(pieces)) ? { end: 'enough' } : { end: 'whole' };
    }
    if (!isTimeUp) return { end: 'cut' };
    return { end: usage.deltas > this.#deltasAtProgress ? 'stuck' : 'silent' };
  }
}

/** Whether a chunk brings nothing: some servers send such chunks as signs of life. */
function isEmpty({ content, refusal, reasoning, args }: Delta): boolean {
  return content === '' && refusal === '' && reasoning === '' && args === '';
}

/** How many characters of a text are not white space. */
function visible(text: string): number {
  return text.replaceAll(/\s/g, '').length;
}
