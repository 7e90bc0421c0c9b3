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
  taker: Pick<AnswerRequest, 'take' | 'whole'> & Pick<Report, 'begun' | 'alive' | 'finished'>;
  call: Pick<Call, 'note'>;
  usage: CallUsage;
  watch: ProgressWatch;
  /** The answer is over, its usage included. */
  over: () => void;
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

/** How OpenAI calls the ends of answers, whatever a server calls them. */
const FINISH_WORDS: Readonly<Record<Finish, string>> = { stop: 'stop', length: 'length', filtered: 'content_filter', cut: 'error' };

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
  #ending: AnswerEnding | undefined;
  /** Whether the server has said why it ended. */
  #isFinished = false;
  /** After so many chunks with text the usage is given up. */
  #lastDelta = Infinity;

  constructor(context: ReadingContext) {
    this.#context = context;
  }

  /**
   * Reads events until the ending is known and the usage has come. To leave the loop ends the
   * stream. An error of the stream after the ending changes nothing. Resolves with the ending, and
   * with how many pieces there were, new or not.
   */
  async read(events: AsyncIterable<readonly unknown[]>): Promise<AnswerEnding & { given: number }> {
    const { watch } = this.#context;
    try {
      for await (const batch of events) if (await this.#readBatch(batch)) break;
    } catch (error) {
      if (!this.#ending && !watch.isOver) throw error;
    }
    const ending = this.#ending ?? (await this.#stop(watch.isOver));
    return { ...ending, given: this.#given };
  }

  /** Reads events that came together. Resolves with true if no more are to be read. */
  async #readBatch(batch: readonly unknown[]): Promise<boolean> {
    const { watch, usage, over } = this.#context;
    for (const raw of batch) {
      if (watch.signal.aborted) return true;
      if (raw === ALIVE) {
        this.#ending ??= this.#live();
        if (this.#ending?.end === 'thinking') return true;
        continue;
      }
      const delta = readChunk(raw);
      this.#count(delta);
      if (!this.#ending) {
        this.#ending = await this.#take(delta);
        if (this.#ending) this.#beginTail(this.#ending);
      }
      const isBilled = this.#isFinished && delta.usage.outputTokens !== undefined;
      if (this.#ending && isBilled) over();
      if (this.#ending && (isBilled || usage.deltas >= this.#lastDelta || delta.error)) return true;
    }
    return false;
  }

  #count(delta: Delta): void {
    const { usage, call, taker, toError } = this.#context;
    usage.add(delta);
    if (delta.error && !this.#ending) {
      usage.refuse();
      throw toError(delta.error);
    }
    call.note(usage.used());
    if (delta.finish === undefined) return;
    this.#isFinished = true;
    taker.finished?.(FINISH_WORDS[delta.finish]);
  }

  /** The ending is known, and only the usage is awaited: for so long, and for so many chunks with text. */
  #beginTail({ end }: AnswerEnding): void {
    const { taker, watch, usage } = this.#context;
    if (end === 'whole') taker.whole();
    watch.restart(TAIL_MS);
    this.#lastDelta = usage.deltas + TAIL_DELTAS;
  }

  /** Takes a chunk. A promise only where something has to be waited for: most chunks end nothing. */
  #take(delta: Delta): AnswerEnding | undefined | Promise<AnswerEnding | undefined> {
    const { texts } = this.#context;
    this.#refusal += delta.refusal;
    const { found } = texts.current;
    const pieces = texts.take(delta);
    if (pieces.length > 0) return this.#handOn(pieces).then((isEnough) => (isEnough ? { end: 'enough' } : this.#judge(delta)));
    if (texts.current.found > found) this.#progress(0); // an item that is held
    return this.#judge(delta);
  }

  /** Says whether the answer ends with a chunk whose pieces were handed on. */
  #judge(delta: Delta): AnswerEnding | undefined | Promise<AnswerEnding> {
    const { texts, usage, maxGrowth, maxTokens } = this.#context;
    const { state, broken } = texts.current;
    if (state === 'ended') return this.#finish('stop');
    if (state === 'broken') return { end: 'broken', why: broken };
    if (delta.finish !== undefined) return this.#finish(delta.finish);
    if (this.#refusal.length > MAX_REFUSAL) return { end: 'refused', words: this.#refusal };
    if (usage.deltas >= maxTokens) return this.#finish('length');
    const isThinking = isVisible(delta.reasoning) || (state === 'thinking' && isVisible(delta.content));
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

const isVisible = (text: string): boolean => /\S/.test(text);

/** How many characters of a text are not white space. */
function visible(text: string): number {
  return text.replaceAll(/\s/g, '').length;
}
