/** Fills a list: asks for what is missing, checks and publishes each item as it comes, and knows when the model has no more. */
import type { z } from 'zod';
import { ProblemError } from '../src/job/problem.ts';
import type { ListRequest, ListTaker, Verdict } from './capabilities.ts';
import type { Context } from './run.ts';

/** A list that is wanted. */
export type WantedList<T> = {
  /** Its name, in the answer and in the journal. */
  name: string;
  item: z.ZodType<T>;
  /** How many characters of JSON an item has at most, about. */
  itemLength: number;
  /** Two items are the same if they have the same key. */
  keyOf: (item: T) => string;
  /** How many items there are to be in all. */
  count: number;
  /** How far the whole job is while it is filled, in percent. */
  percent: { from: number; to: number };
  /** Words the request for what is missing, given what is there. */
  ask: (missing: number, items: readonly T[]) => Pick<ListRequest, 'kind' | 'instructions' | 'material'>;
};

/** So many items that are not valid, or that this answer has given before, without a new one between them: the model goes round in circles. */
const MAX_IDLE_ITEMS = 10;

/** So many calls may one attempt make. */
const MAX_CALLS = 8;

/**
 * Fills a list as far as the model can. An answer that is whole is believed: short material gives few items. One that was
 * stopped before (at its cap on tokens, or because nothing new came) is gone on with by another call in the same
 * attempt, for the rest alone, as long as each call brings something new. The first that brings nothing new shows that the
 * model has no more: what is there is the list.
 * @throws ProblemError `provider_bad_answer` where there is no item at all, and whatever the provider throws
 */
export async function fillList<T>(context: Context, wanted: WantedList<T>): Promise<void> {
  const items = () => context.items(wanted.name) as readonly T[];
  for (let call = 1; ; call++) {
    const before = items().length;
    const ending = await askOnce(context, wanted);
    const gained = items().length - before;
    if (ending === 'whole' || gained === 0 || items().length >= wanted.count) break;
    if (call === MAX_CALLS) throw new ProblemError('provider_cut_off', 'The model gave too few items at a time; the next attempt goes on.');
  }
  if (items().length === 0) throw new ProblemError('provider_bad_answer', 'The model answered, but with nothing that can be used.');
}

async function askOnce<T>(context: Context, wanted: WantedList<T>) {
  const { name: list, item, itemLength, keyOf, count, percent, ask } = wanted;
  const items = context.items(list) as readonly T[];
  const known = new Set(items.map(keyOf));
  const missing = count - known.size;
  const given = new Set<string>(); // in this answer: a model may begin with what there is
  let idle = 0;

  const leaveOut = (key: string | undefined): Verdict => {
    context.log.debug({ valid: key !== undefined }, 'item left out');
    if (key === undefined || given.has(key)) idle++;
    else given.add(key);
    return idle < MAX_IDLE_ITEMS ? 'nothing' : 'enough';
  };

  const take = async (value: unknown): Promise<Verdict> => {
    const parsed = item.safeParse(value);
    if (!parsed.success) return leaveOut(undefined);
    const key = keyOf(parsed.data);
    if (known.has(key)) return leaveOut(key);
    idle = 0;
    known.add(key);
    given.add(key);
    const full = known.size >= count;
    if (full) context.answered();
    await context.item(list, parsed.data, percent.from + (known.size / count) * (percent.to - percent.from));
    return full ? 'enough' : 'new';
  };

  const taker: ListTaker = { take, whole: context.answered, startCall: context.startCall };
  const request = { ...ask(missing, items), list, item, itemLength, count: missing };
  return context.provider.makeList(request, taker, context.signal);
}
