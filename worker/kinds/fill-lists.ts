/**
 * Fills the lists of a structured answer. It asks for missing items, publishes each at once, and
 * stops when the model has no more.
 */
import type { z } from 'zod';
import { ProblemError } from '../../src/job/problem.ts';
import type { AnswerRequest, Verdict } from '../capabilities.ts';
import type { Context } from '../handler.ts';
import { answerSchema } from './answer-schema.ts';
import { parseItem, withOwnNames } from '../parse-item.ts';

/** A list that is wanted. */
export type WantedList = {
  item: z.ZodType;
  /** Corrects usual mistakes of models in an item, before the item is checked. */
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
  /**
   * Other fields, by name. They stand before the lists and are kept for further attempts. An answer
   * may lack them.
   */
  fields?: Record<string, z.ZodType>;
  /** How far the whole job is before the first item and after the last one, in percent. */
  percent: { from: number; to: number };
  /**
   * Makes the request. `missing`: how many items each list lacks, where it lacks some. `items`: the
   * items that are there, by list.
   */
  ask(
    missing: Record<string, number>,
    items: Record<string, readonly unknown[]>,
  ): Pick<AnswerRequest, 'kind' | 'input' | 'instructions' | 'material'>;
};

/** Defines a list with the type of its items. */
export function wantedList<T>(list: Omit<WantedList, 'item' | 'keyOf'> & { item: z.ZodType<T>; keyOf: (item: T) => string }): WantedList {
  return { ...list, keyOf: (item) => list.keyOf(item as T) };
}

/**
 * A model repeats itself after so many items in a row that are not valid or were in this answer
 * before.
 */
const MAX_IDLE_ITEMS = 10;

/** How many calls one attempt may make. */
const MAX_CALLS = 8;

type Work = Context & { work: (request: AnswerRequest, report: Context['report'], signal: AbortSignal) => Promise<'whole' | 'partial'> };

/**
 * Fills lists as far as the model can. An answer that is whole is accepted, even with few items,
 * because short material gives few. If an answer was stopped (at its limit of tokens, or because
 * nothing new came), another call in the same attempt asks for the rest. If a call brings nothing
 * new, the items that are there are the answer. Nothing is asked where all lists are full.
 * @throws ProblemError `provider_bad_answer` if there is no item at all, `provider_cut_off` after
 * too many calls, and what the capability throws
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
  const taker = new AnswerTaker(context, wanted);
  const request: AnswerRequest = {
    ...ask(Object.fromEntries(open.map((list) => [list.list, list.wanted])), items),
    there: items,
    schema: answerSchema(
      Object.fromEntries(Object.entries(fields).filter(([name]) => !kept.includes(name))),
      Object.fromEntries(open.map(({ list, item }) => [list, item])),
    ),
    lists: Object.fromEntries(open.map(({ list, itemLength, wanted: count }) => [list, { wanted: count, itemLength }])),
    take: (name, value) => taker.take(name, value),
    whole: context.answered,
  };
  return context.work(request, context.report, context.signal);
}

/**
 * Takes the items and fields of one answer: checks them, leaves out what is there already,
 * publishes the rest.
 */
class AnswerTaker {
  readonly #context: Work;
  readonly #wanted: WantedAnswer;
  /** The keys of the items that are there, by list. */
  readonly #known: Map<string, Set<string>>;
  /** The keys of the items of this answer. A model may begin with items that are there already. */
  readonly #given = new Set<string>();
  /** How many items in a row brought nothing. */
  #idle = 0;

  constructor(context: Work, wanted: WantedAnswer) {
    this.#context = context;
    this.#wanted = wanted;
    this.#known = new Map(Object.entries(wanted.lists).map(([list, { keyOf }]) => [list, new Set(context.items(list).map(keyOf))]));
  }

  /** Takes an item of a list, or the value of a field. */
  async take(name: string, value: unknown): Promise<Verdict> {
    const field = this.#wanted.fields?.[name];
    return field ? this.#takeField(name, field, value) : this.#takeItem(name, value);
  }

  async #takeField(name: string, type: z.ZodType, value: unknown): Promise<Verdict> {
    const parsed = parseItem(type, value);
    if (!parsed.success || this.#context.field(name) !== undefined) return 'nothing';
    const done = this.#isDone(name);
    this.#context.keepField(name, parsed.data);
    return done ? 'enough' : 'new';
  }

  async #takeItem(name: string, value: unknown): Promise<Verdict> {
    const list = this.#wanted.lists[name];
    const keys = this.#known.get(name);
    const parsed = list && parseItem(list.item, list.repair?.(withOwnNames(list.item, value)) ?? value);
    if (!list || !keys || !parsed?.success) return this.#drop(name, parsed?.error);
    const key = list.keyOf(parsed.data);
    const inAnswer = `${name} ${key}`;
    if (keys.has(key) || keys.size >= list.count) return this.#leaveOut(inAnswer);
    this.#idle = 0;
    keys.add(key);
    this.#given.add(inAnswer);
    const done = this.#isDone();
    const { from, to } = this.#wanted.percent;
    await this.#context.item(name, parsed.data, from + this.#share() * (to - from));
    return done ? 'enough' : 'new';
  }

  /** Leaves out an item that is there already, or more than were wanted. */
  #leaveOut(inAnswer: string): Verdict {
    this.#context.log.debug('item left out');
    if (this.#given.has(inAnswer)) return this.#idleAgain();
    this.#given.add(inAnswer);
    return 'nothing';
  }

  /** Leaves out an item that is not usable. The log names its faults, and nothing of its text. */
  #drop(list: string, error: z.ZodError | undefined): Verdict {
    const { log } = this.#context;
    this.#context.dropped();
    log.warn({ list, issues: error?.issues.map(({ code, path }) => `${path.join('.')}: ${code}`) }, 'item of an answer not usable');
    return this.#idleAgain();
  }

  #idleAgain(): Verdict {
    return ++this.#idle < MAX_IDLE_ITEMS ? 'nothing' : 'enough';
  }

  /**
   * Whether all is there with this field. Then the work is done before the last value is written.
   */
  #isDone(field?: string): boolean {
    const { lists, fields = {} } = this.#wanted;
    const full = Object.entries(lists).every(([list, { count }]) => this.#count(list) >= count);
    const done = full && Object.keys(fields).every((name) => name === field || this.#context.field(name) !== undefined);
    if (done) this.#context.answered();
    return done;
  }

  /**
   * How much of the lists is there, from 0 to 1. A long item is more of the work than a short one.
   */
  #share(): number {
    const lists = Object.entries(this.#wanted.lists);
    const there = sum(lists.map(([list, { itemLength }]) => this.#count(list) * itemLength));
    return there / sum(lists.map(([, { itemLength, count }]) => count * itemLength));
  }

  #count(list: string): number {
    return this.#known.get(list)?.size ?? 0;
  }
}

/** The names of the wanted fields that are there. */
function keptFields(context: Work, { fields = {} }: WantedAnswer): string[] {
  return Object.keys(fields).filter((name) => context.field(name) !== undefined);
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
