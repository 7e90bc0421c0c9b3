/** Reads a streamed completion to its end, or until more of it would bring nothing. */
import type { AnswerRequest, Call, Report } from '../../capabilities.ts';
import type { Piece } from '../answer-json.ts';
import type { Watch } from '../progress-watch.ts';
import type { Bill } from './usage.ts';
import { type Delta, type Finish, readChunk } from './chunk.ts';
import { ALIVE } from './events.ts';
import type { AnswerTexts } from './answer-texts.ts';

/** How an answer ended. */
export type Outcome =
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

/** What an answer is read with. */
export type Reading = {
  texts: AnswerTexts;
  taker: Pick<AnswerRequest, 'take' | 'whole'> & Pick<Report, 'begun' | 'alive'>;
  /** Aborts when the run has to stop: then nothing more is handed on. */
  signal: AbortSignal;
  watch: Watch;
  /** How long signs of life, and thinking, may bridge the time between two steps of the answer, in ms. */
  thinkingMaxMs: number;
  /** Makes the error of what the server reports instead of an answer. */
  toError(reported: object): Error;
  bill: Bill;
  call: Pick<Call, 'note'>;
  /** So many characters since the last new item count as growth. More than that is no progress. */
  maxGrowth: number;
  /** After so many chunks with text the answer is stopped, even if the server ignores the limit. */
  maxTokens: number;
};

/** How long to wait for the usage after an answer has ended: in ms, and in chunks with text. */
const TAIL_MS = 800;
const TAIL_DELTAS = 32;

/** How many characters of a refusal are read. */
const MAX_REFUSAL = 2000;

/**
 * Reads chunks until the outcome is known and the usage has come. To leave the loop ends the stream. An error of the stream
 * after the outcome changes nothing. Resolves with the outcome and with how many pieces there were, new or not.
 */
export async function readAnswer(chunks: AsyncIterable<unknown>, reading: Reading): Promise<Outcome & { given: number }> {
  const { watch, bill, call, taker, toError } = reading;
  const step = createSteps(reading);
  let outcome: Outcome | undefined;
  let lastDelta = Infinity;
  let finished = false;
  try {
    for await (const raw of chunks) {
      if (raw === ALIVE) {
        outcome ??= step.live();
        if (outcome?.end === 'thinking') break;
        continue;
      }
      const delta = readChunk(raw);
      bill.add(delta);
      if (delta.error && !outcome) {
        bill.refuse();
        throw toError(delta.error);
      }
      call.note(bill.used());
      finished ||= delta.finish !== undefined;
      if (!outcome) {
        outcome = await step.take(delta);
        if (outcome) {
          if (outcome.end === 'whole') taker.whole();
          watch.restart(TAIL_MS);
          lastDelta = bill.deltas + TAIL_DELTAS;
        }
      }
      const billed = finished && delta.usage.outputTokens !== undefined;
      if (outcome && (billed || bill.deltas >= lastDelta || delta.error)) break;
    }
  } catch (error) {
    if (!outcome && !watch.signal.aborted) throw error;
  }
  outcome ??= await step.stop(watch.signal.aborted);
  return { ...outcome, given: step.given() };
}

/** Makes the functions that take an answer chunk by chunk. */
function createSteps({ texts, taker, watch, bill, maxGrowth, maxTokens, signal, thinkingMaxMs }: Reading) {
  let given = 0;
  let refusal = '';
  let grown = 0;
  let deltasAtProgress = 0;
  const begun = performance.now();
  let since = begun;

  const progress = (): void => {
    deltasAtProgress = bill.deltas;
    since = performance.now();
    watch.restart();
  };

  /** The server works, but nothing of the answer comes: the time goes on as far as that is allowed. */
  const live = (): Outcome | undefined => {
    const now = performance.now();
    if (now - since > thinkingMaxMs) return { end: 'thinking' };
    if (now - begun <= thinkingMaxMs) taker.alive();
    deltasAtProgress = bill.deltas;
    watch.restart();
    return undefined;
  };

  /** Hands finished pieces on. Resolves with true if the taker has enough. */
  const handOn = async (pieces: Piece[]): Promise<boolean> => {
    for (const { field, value } of pieces) {
      if (given++ === 0) await watch.without(async () => taker.begun());
      const verdict = await watch.without(() => taker.take(field, value));
      if (verdict === 'enough') return true;
      if (verdict === 'nothing') continue;
      grown = 0;
      progress();
    }
    return false;
  };

  const take = async (delta: Delta): Promise<Outcome | undefined> => {
    refusal += delta.refusal;
    const { found } = texts;
    const pieces = texts.take(delta);
    if (await handOn(pieces)) return { end: 'enough' };
    if (texts.state === 'ended') return finish('stop');
    if (texts.state === 'broken') return { end: 'broken', why: texts.broken };
    if (delta.finish !== undefined) return finish(delta.finish);
    if (refusal.length > MAX_REFUSAL) return { end: 'refused', words: refusal };
    if (bill.deltas >= maxTokens) return finish('length');
    if (texts.found > found && pieces.length === 0) {
      grown = 0; // an item that is held
      progress();
    }
    const isThinking = visible(delta.reasoning) > 0 || (texts.state === 'thinking' && visible(delta.content) > 0);
    if (isThinking || isEmpty(delta)) return live();
    // Only the cap limits thinking. The longest item limits a value that grows, and a model that repeats itself.
    const growth = visible(delta.content + delta.refusal + delta.args);
    grown += growth;
    if (growth > 0 && grown <= maxGrowth) progress();
    return undefined;
  };

  /** Hands on what was held, and tells how the answer has ended. */
  const finish = async (reason: Finish): Promise<Outcome> => {
    if (refusal !== '') return { end: 'refused', words: refusal };
    if (reason === 'filtered') return { end: 'filtered' };
    if (reason === 'cut') return { end: 'cut' };
    if (await handOn(texts.end(reason === 'length' ? 'cut' : 'finished'))) return { end: 'enough' };
    if (texts.whole) return { end: 'whole' };
    if (reason === 'length') return { end: 'length' };
    if (texts.broken !== '') return { end: 'broken', why: texts.broken };
    return { end: 'broken', why: 'The model ended its answer before the JSON in it was whole.' };
  };

  /** The stream is over without an end, or its time is up. What was held goes out only if it is whole. */
  const stop = async (isTimeUp: boolean): Promise<Outcome> => {
    if (!signal.aborted) {
      const pieces = texts.end(isTimeUp ? 'cut' : 'ended');
      if (texts.whole) return (await handOn(pieces)) ? { end: 'enough' } : { end: 'whole' };
    }
    if (!isTimeUp) return { end: 'cut' };
    return { end: bill.deltas > deltasAtProgress ? 'stuck' : 'silent' };
  };

  return { take, live, stop, given: () => given };
}

/** Whether a chunk brings nothing: some servers send such chunks as signs of life. */
function isEmpty({ content, refusal, reasoning, args }: Delta): boolean {
  return content === '' && refusal === '' && reasoning === '' && args === '';
}

/** How many characters of a text are not white space. */
function visible(text: string): number {
  return text.replaceAll(/\s/g, '').length;
}
