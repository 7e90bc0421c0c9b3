/** Reads a streamed completion to its end, or until more of it would bring nothing. */
import { type AnswerReader } from '../answer.ts';
import type { AnswerRequest, Call, Report } from '../../capabilities.ts';
import type { Piece } from '../answer-json.ts';
import type { Watch } from '../progress-watch.ts';
import type { Bill } from './usage.ts';
import { type Delta, readChunk } from './chunk.ts';

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
  /** The model declined (`words` has its reason), or a filter of the provider stopped it. */
  | { end: 'refused'; words: string }
  | { end: 'filtered' }
  /** It is not what was asked for; `why` is for a client. */
  | { end: 'broken'; why: string }
  /** The connection ended first. */
  | { end: 'cut' };

/** What an answer is read with. */
export type Reading = {
  reader: AnswerReader;
  taker: Pick<AnswerRequest, 'take' | 'whole'> & Pick<Report, 'begun'>;
  watch: Watch;
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
  const { watch, bill, call, taker } = reading;
  const step = createSteps(reading);
  let outcome: Outcome | undefined;
  let lastDelta = Infinity;
  let finished = false;
  try {
    for await (const raw of chunks) {
      const delta = readChunk(raw);
      bill.add(delta);
      call.note(bill.used());
      finished ||= delta.finish !== undefined;
      if (!outcome) {
        outcome = await step.take(delta);
        if (outcome) {
          if (!PAYS_ON.has(outcome.end)) break;
          if (outcome.end === 'whole') taker.whole();
          watch.restart(TAIL_MS);
          lastDelta = bill.deltas + TAIL_DELTAS;
        }
      }
      const billed = finished && delta.usage.outputTokens !== undefined;
      if (outcome && (billed || bill.deltas >= lastDelta)) break;
    }
  } catch (error) {
    if (!outcome && !watch.signal.aborted) throw error;
  }
  outcome ??= watch.signal.aborted ? step.whenTimeIsUp() : { end: 'cut' };
  return { ...outcome, given: step.given() };
}

/** After these outcomes the server is about to report its usage. */
const PAYS_ON: ReadonlySet<Outcome['end']> = new Set(['whole', 'enough', 'length', 'refused', 'filtered']);

/** Makes the functions that take an answer chunk by chunk. */
function createSteps({ reader, taker, watch, bill, maxGrowth, maxTokens }: Reading) {
  let given = 0;
  let refusal = '';
  let grown = 0;
  let deltasAtProgress = 0;

  const progress = (): void => {
    deltasAtProgress = bill.deltas;
    watch.restart();
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
    if (await handOn(reader.write(delta.content))) return { end: 'enough' };
    if (reader.state === 'ended') return { end: 'whole' };
    if (reader.state === 'broken') return { end: 'broken', why: reader.broken };
    if (delta.finish !== undefined) return byReason(delta.finish);
    if (refusal.length > MAX_REFUSAL) return { end: 'refused', words: refusal };
    if (bill.deltas >= maxTokens) return { end: 'length' };
    // Only the cap limits thinking. The longest item limits a value that grows, and a model that repeats itself.
    const growth = visible(delta.content + delta.refusal);
    grown += growth;
    if (visible(delta.reasoning) > 0 || (growth > 0 && grown <= maxGrowth)) progress();
    return undefined;
  };

  const byReason = (reason: string): Outcome => {
    if (refusal !== '') return { end: 'refused', words: refusal };
    if (reason === 'length') return { end: 'length' };
    if (reason === 'content_filter') return { end: 'filtered' };
    if (reader.whole) return { end: 'whole' };
    return { end: 'broken', why: 'The model ended its answer before the JSON in it was whole.' };
  };

  const whenTimeIsUp = (): Outcome => {
    if (reader.whole) return { end: 'whole' };
    return { end: bill.deltas > deltasAtProgress ? 'stuck' : 'silent' };
  };

  return { take, whenTimeIsUp, given: () => given };
}

/** How many characters of a text are not white space. */
function visible(text: string): number {
  return text.replaceAll(/\s/g, '').length;
}
