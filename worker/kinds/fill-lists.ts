/** Fills the lists of a structured answer: asks for what is missing, publishes each item at once, stops when the model has no more. */
import { z } from 'zod';
import { ProblemError } from '../../src/job/problem.ts';
import type { AnswerRequest, Verdict } from '../capabilities.ts';
import type { Context } from '../handler.ts';
import { parseItem, withOwnNames } from '../parse-item.ts';

/** A list that is wanted. */
export type WantedList = {
  item: z.ZodType;
  /** Mends what models get wrong in an item, before it is checked. */
  repair?: (value: unknown) => unknown;
  /** About how many characters of JSON an item has at most. */
  itemLength: number;
  /** Two items are the same if they have the same key. */
  keyOf(item: unknown): string;
  /** How many items are wanted in all. */
  count: number;
};

/** An answer that is wanted. All its lists and fields are asked for together. */
export type WantedAnswer = {
  lists: Record<string, WantedList>;
  /** Other fields, by name. They are kept for further attempts, and an answer that lacks them is an answer. They stand before the lists. */
  fields?: Record<string, z.ZodType>;
  /** How far the whole job is before the first item and after the last one, in percent. */
  percent: { from: number; to: number };
  /** Makes the request. `missing`: the lists that lack items, and how many. `items`: the items that are there, for all lists. */
  ask(
    missing: Record<string, number>,
    items: Record<string, readonly unknown[]>,
  ): Pick<AnswerRequest, 'kind' | 'input' | 'instructions' | 'material'>;
};

/** Defines a list with the type of its items. */
export function wantedList<T>(list: Omit<WantedList, 'item' | 'keyOf'> & { item: z.ZodType<T>; keyOf: (item: T) => string }): WantedList {
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
 * more, and the items that are there are the answer. Nothing is asked where all lists are full.
 * @throws ProblemError `provider_bad_answer` if there is no item at all, `provider_cut_off` after too many calls, and what the
 * capability throws
 */
export async function fillLists(context: Work, wanted: WantedAnswer): Promise<void> {
  const items = () => sum(Object.keys(wanted.lists).map((list) => context.items(list).length));
  const fields = () => keptFields(context, wanted).length;
  const isFull = () => Object.entries(wanted.lists).every(([list, { count }]) => context.items(list).length >= count);
  for (let call = 1; !isFull(); call++) {
    const before = items() + fields();
    const ending = await askOnce(context, wanted);
    if (ending === 'whole' || items() + fields() === before || isFull()) break;
    if (call === MAX_CALLS) throw new ProblemError('provider_cut_off', 'The model gave too few items at a time; the next attempt goes on.');
  }
  if (items() === 0) throw new ProblemError('provider_bad_answer', 'The model answered, but with nothing that can be used.');
}

/** Asks for the lists that are not full and the fields that are not there. */
function askOnce(context: Work, wanted: WantedAnswer) {
  const { lists, fields = {}, ask } = wanted;
  const items = Object.fromEntries(Object.keys(lists).map((list) => [list, context.items(list)]));
  const open = Object.entries(lists)
    .map(([list, { item, itemLength, count }]) => ({ list, item, itemLength, wanted: count - (items[list]?.length ?? 0) }))
    .filter((list) => list.wanted > 0);
  const kept = keptFields(context, wanted);
  const request: AnswerRequest = {
    ...ask(Object.fromEntries(open.map((list) => [list.list, list.wanted])), items),
    schema: z.strictObject({
      ...Object.fromEntries(Object.entries(fields).filter(([name]) => !kept.includes(name))),
      ...Object.fromEntries(open.map(({ list, item }) => [list, z.array(item)])),
    }),
    lists: Object.fromEntries(open.map(({ list, itemLength, wanted: count }) => [list, { wanted: count, itemLength }])),
    take: createTake(context, wanted),
    whole: context.answered,
  };
  return context.work(request, context.report, context.signal);
}

/** Makes the function that takes the pieces of one answer: it checks them, leaves out what is there already and publishes the rest. */
function createTake(context: Work, wanted: WantedAnswer): AnswerRequest['take'] {
  const { lists, fields = {}, percent } = wanted;
  const known = new Map(Object.entries(lists).map(([list, { keyOf }]) => [list, new Set(context.items(list).map(keyOf))]));
  const given = new Set<string>(); // in this answer; a model may begin with items that are there already
  let idle = 0;

  const idleAgain = (): Verdict => (++idle < MAX_IDLE_ITEMS ? 'nothing' : 'enough');

  /** Leaves out an item that is there already, or more than were wanted. */
  const leaveOut = (key: string): Verdict => {
    context.log.debug('item left out');
    if (given.has(key)) return idleAgain();
    given.add(key);
    return 'nothing';
  };

  /** Leaves out an item that is not usable. The log says what is wrong with it, and nothing of what it says. */
  const drop = (list: string, error: z.ZodError | undefined): Verdict => {
    context.dropped();
    context.log.warn({ list, issues: error?.issues.map(({ code, path }) => `${path.join('.')}: ${code}`) }, 'item of an answer not usable');
    return idleAgain();
  };

  /** Whether all is there with this field. Then the work is done before the last piece is written. */
  const isDone = (field?: string): boolean => {
    const full = Object.entries(lists).every(([list, { count }]) => (known.get(list)?.size ?? 0) >= count);
    const done = full && Object.keys(fields).every((name) => name === field || context.field(name) !== undefined);
    if (done) context.answered();
    return done;
  };

  /** How much of the lists is there, from 0 to 1. A long item is more of the work than a short one. */
  const share = (): number => {
    const size = (amountOf: (list: string) => number) =>
      sum(Object.entries(lists).map(([list, { itemLength }]) => amountOf(list) * itemLength));
    return size((list) => known.get(list)?.size ?? 0) / size((list) => lists[list]?.count ?? 0);
  };

  const takeField = async (name: string, type: z.ZodType, value: unknown): Promise<Verdict> => {
    const parsed = parseItem(type, value);
    if (!parsed.success || context.field(name) !== undefined) return 'nothing';
    const done = isDone(name);
    context.keepField(name, parsed.data);
    return done ? 'enough' : 'new';
  };

  return async (list, value) => {
    const field = fields[list];
    if (field) return takeField(list, field, value);
    const wantedList = lists[list];
    const keys = known.get(list);
    const parsed = wantedList && parseItem(wantedList.item, wantedList.repair?.(withOwnNames(wantedList.item, value)) ?? value);
    if (!wantedList || !keys || !parsed?.success) return drop(list, parsed?.error);
    const key = wantedList.keyOf(parsed.data);
    if (keys.has(key) || keys.size >= wantedList.count) return leaveOut(`${list} ${key}`);
    idle = 0;
    keys.add(key);
    given.add(`${list} ${key}`);
    const done = isDone();
    await context.item(list, parsed.data, percent.from + share() * (percent.to - percent.from));
    return done ? 'enough' : 'new';
  };
}

/** The names of the wanted fields that are there. */
function keptFields(context: Work, { fields = {} }: WantedAnswer): string[] {
  return Object.keys(fields).filter((name) => context.field(name) !== undefined);
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
