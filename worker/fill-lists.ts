/** Fills the lists of a structured answer: asks for what is missing, publishes each item at once, stops when the model has no more. */
import { z } from 'zod';
import { ProblemError } from '../src/job/problem.ts';
import type { AnswerRequest, Verdict } from './capabilities.ts';
import type { Context } from './handler.ts';

/** A list that is wanted. */
export type WantedList = {
  item: z.ZodType;
  /** About how many characters of JSON an item has at most. */
  itemLength: number;
  /** Two items are the same if they have the same key. */
  keyOf(item: unknown): string;
  /** How many items are wanted in all. */
  count: number;
};

/** An answer that is wanted. All its lists are asked for together. */
export type WantedAnswer = {
  lists: Record<string, WantedList>;
  /** How far the whole job is before the first item and after the last one, in percent. */
  percent: { from: number; to: number };
  /** Makes the request. `missing`: how many items each list lacks. `items`: the items that are there. */
  ask(
    missing: Record<string, number>,
    items: Record<string, readonly unknown[]>,
  ): Pick<AnswerRequest, 'kind' | 'input' | 'instructions' | 'material'>;
};

/** Defines a list with the type of its items. */
export function wantedList<T>(list: { item: z.ZodType<T>; itemLength: number; keyOf: (item: T) => string; count: number }): WantedList {
  return { ...list, keyOf: (item) => list.keyOf(item as T) };
}

/** After so many items in a row that are not valid, or that this answer has given before, the model is taken to repeat itself. */
const MAX_IDLE_ITEMS = 10;

/** How many calls one attempt may make. */
const MAX_CALLS = 8;

type Work = Context & { work: (request: AnswerRequest, report: Context['report'], signal: AbortSignal) => Promise<'whole' | 'partial'> };

/**
 * Fills lists as far as the model can. If an answer is whole, it is accepted, even with few items: short material gives few.
 * If it was stopped (at its limit of tokens, or because nothing new came), another call in the same attempt asks for the
 * rest. This goes on as long as each call brings something new. If a call brings nothing new, the model has no
 * more, and the items that are there are the answer.
 * @throws ProblemError `provider_bad_answer` if there is no item at all, `provider_cut_off` after too many calls, and what the
 * capability throws
 */
export async function fillLists(context: Work, wanted: WantedAnswer): Promise<void> {
  const total = () => sum(Object.keys(wanted.lists).map((list) => context.items(list).length));
  const count = sum(Object.values(wanted.lists).map((list) => list.count));
  for (let call = 1; ; call++) {
    const before = total();
    const ending = await askOnce(context, wanted, count);
    if (ending === 'whole' || total() === before || total() >= count) break;
    if (call === MAX_CALLS) throw new ProblemError('provider_cut_off', 'The model gave too few items at a time; the next attempt goes on.');
  }
  if (total() === 0) throw new ProblemError('provider_bad_answer', 'The model answered, but with nothing that can be used.');
}

async function askOnce(context: Work, { lists, percent, ask }: WantedAnswer, count: number) {
  const items = Object.fromEntries(Object.keys(lists).map((list) => [list, context.items(list)]));
  const known = new Map(Object.entries(lists).map(([list, { keyOf }]) => [list, new Set(items[list]?.map(keyOf))]));
  const missing = Object.fromEntries(Object.entries(lists).map(([list, wanted]) => [list, wanted.count - (known.get(list)?.size ?? 0)]));
  const given = new Set<string>(); // in this answer; a model may begin with items that are there already
  let idle = 0;

  const leaveOut = (key: string | undefined): Verdict => {
    context.log.debug({ valid: key !== undefined }, 'item left out');
    if (key === undefined || given.has(key)) idle++;
    else given.add(key);
    return idle < MAX_IDLE_ITEMS ? 'nothing' : 'enough';
  };

  const take = async (list: string, value: unknown): Promise<Verdict> => {
    const wanted = lists[list];
    const keys = known.get(list);
    const parsed = wanted?.item.safeParse(value);
    if (!wanted || !keys || !parsed?.success) return leaveOut(undefined);
    const key = wanted.keyOf(parsed.data);
    if (keys.has(key) || keys.size >= wanted.count) return leaveOut(`${list} ${key}`);
    idle = 0;
    keys.add(key);
    given.add(`${list} ${key}`);
    const there = sum([...known.values()].map(({ size }) => size));
    const full = there >= count;
    if (full) context.answered();
    await context.item(list, parsed.data, percent.from + (there / count) * (percent.to - percent.from));
    return full ? 'enough' : 'new';
  };

  const request: AnswerRequest = {
    ...ask(missing, items),
    schema: z.strictObject(Object.fromEntries(Object.entries(lists).map(([list, { item }]) => [list, z.array(item)]))),
    lists: Object.fromEntries(Object.entries(lists).map(([list, { itemLength }]) => [list, { wanted: missing[list] ?? 0, itemLength }])),
    take,
    whole: context.answered,
  };
  return context.work(request, context.report, context.signal);
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
