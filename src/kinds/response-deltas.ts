/**
 * The answer of a model as it grows: the steps by which it came, and the output items that they make.
 * A worker publishes the steps, a reader makes the items of them again. Pure.
 */
import { z } from 'zod';

/** An item of an answer, as OpenAI's Responses have it: a message, a function call, reasoning. */
export type OutputItem = { type: string; id?: string; status?: string; [field: string]: unknown };

/** A part of an item: a text, a refusal, a summary. */
export type OutputPart = { type: string; [field: string]: unknown };

/** The texts that grow, by the type of their part; `arguments` is of a function call. */
const TEXTS = {
  output_text: { key: 'text', field: 'text', event: 'output_text', list: 'content' },
  refusal: { key: 'refusal', field: 'refusal', event: 'refusal', list: 'content' },
  reasoning_text: { key: 'reasoning', field: 'text', event: 'reasoning_text', list: 'content' },
  summary_text: { key: 'summary', field: 'text', event: 'reasoning_summary_text', list: 'summary' },
  function_call: { key: 'arguments', field: 'arguments', event: 'function_call_arguments', list: undefined },
} as const;

/** What is known of a text that grows. */
export type TextForm = (typeof TEXTS)[keyof typeof TEXTS];

/**
 * A step, in the journal an item of the list `deltas`. Most are `{ text }`: the next piece of the
 * answer's text.
 */
export const responseDelta = z.looseObject({
  text: z.string().optional().describe('The next piece of the text.'),
  refusal: z.string().optional().describe('The next piece of the words with which the model declines.'),
  reasoning: z.string().optional().describe('The next piece of its reasoning.'),
  summary: z.string().optional().describe('The next piece of the summary of its reasoning.'),
  arguments: z.string().optional().describe('The next piece of the arguments of a function call.'),
  added: z.looseObject({}).optional().describe('A new output item begins.'),
  part: z.looseObject({}).optional().describe('A new part of the item begins; with `done`, the part as it is in the end.'),
  done: z.enum(['text', 'part', 'item']).optional().describe('What has ended.'),
  item: z.looseObject({}).optional().describe('With `done`: the item as it is in the end, where it differs from its steps.'),
});

/** See {@link responseDelta}. */
export type ResponseDelta = z.infer<typeof responseDelta>;

/** A part that grows. A function call has one without a head, for its arguments. */
export type GrowingPart = {
  head: OutputPart | undefined;
  form: TextForm;
  text: string;
  textDone: boolean;
  done: boolean;
  final?: OutputPart;
};

/** An item that grows. */
export type GrowingItem = { head: OutputItem; parts: GrowingPart[]; done: boolean; final?: OutputItem };

/** The form of a part's text; of a type that is not known, it does not grow. */
export function formOf(type: string): TextForm | undefined {
  return Object.hasOwn(TEXTS, type) ? TEXTS[type as keyof typeof TEXTS] : undefined;
}

/** The output that some steps make. */
export function foldDeltas(deltas: readonly ResponseDelta[]): GrowingItem[] {
  const items: GrowingItem[] = [];
  for (const delta of deltas) applyDelta(items, delta);
  return items;
}

/** Takes one step more. What does not fit changes nothing. */
export function applyDelta(items: GrowingItem[], delta: ResponseDelta): void {
  if (delta.added) return void items.push(newItem(delta.added as OutputItem));
  const item = items.at(-1);
  const part = item?.parts.at(-1);
  if (!item) return;
  switch (delta.done) {
    case 'text':
      if (part) part.textDone = true;
      return;
    case 'part':
      if (part) Object.assign(part, { done: true, textDone: true, ...(delta.part && { final: delta.part }) });
      return;
    case 'item':
      Object.assign(item, { done: true, ...(delta.item && { final: delta.item }) });
      return;
    case undefined:
      if (delta.part) return addPart(item, delta.part as OutputPart);
      if (part) part.text += pieceOf(delta, part.form);
  }
}

/** The piece of text of a step. */
export function pieceOf(delta: ResponseDelta, { key }: TextForm): string {
  return delta[key] ?? '';
}

/** An item that begins. */
export function newItem(head: OutputItem): GrowingItem {
  const own = head.type === 'function_call' ? formOf(head.type) : undefined;
  const parts = own ? [{ head: undefined, form: own, text: '', textDone: false, done: false }] : [];
  return { head, parts, done: false };
}

/** Begins a part. The one before has ended with that. */
export function addPart(item: GrowingItem, head: OutputPart): void {
  const form = formOf(head.type);
  if (!form) return;
  for (const part of item.parts) part.textDone = part.done = true;
  item.parts.push({ head, form, text: '', textDone: false, done: false });
}

/** A whole item, as if it had grown. */
export function grownItem(final: OutputItem): GrowingItem {
  const { content, summary, arguments: args, ...rest } = final;
  const empty = { ...(content !== undefined && { content: [] }), ...(summary !== undefined && { summary: [] }) };
  const item = newItem({ ...rest, ...empty, ...(args !== undefined && { arguments: '' }), status: 'in_progress' });
  for (const part of [summary, content].flatMap((list) => (Array.isArray(list) ? (list as OutputPart[]) : []))) {
    const form = formOf(part.type);
    if (!form) continue;
    addPart(item, { ...part, [form.field]: '' });
    const text = part[form.field];
    Object.assign(item.parts.at(-1) ?? {}, { text: typeof text === 'string' ? text : '', final: part });
  }
  if (typeof args === 'string' && item.parts[0]) item.parts[0].text = args;
  return endItem(item, final);
}

/** Ends an item, with all its parts. `final`: what it is in the end. */
export function endItem(item: GrowingItem, final?: OutputItem): GrowingItem {
  for (const part of item.parts) part.textDone = part.done = true;
  return Object.assign(item, { done: true, ...(final && { final }) });
}

/** A part as it is by now. */
export function partOf({ head, form, text, final }: GrowingPart): OutputPart {
  return final ?? { type: '', ...head, [form.field]: text };
}

/** An item as it is by now. `status`: of one that has not ended. */
export function itemOf(item: GrowingItem, status: 'in_progress' | 'incomplete' = 'in_progress'): OutputItem {
  if (item.final) return item.final;
  const made: OutputItem = { ...item.head, status: item.done ? 'completed' : status };
  for (const part of item.parts) {
    const { list, field } = part.form;
    if (list === undefined) made[field] = part.text;
    else made[list] = [...(part === item.parts.find((one) => one.form.list === list) ? [] : (made[list] as OutputPart[])), partOf(part)];
  }
  return made;
}

/** The text of an answer: of all its messages, one after the other. */
export function answerText(items: readonly GrowingItem[]): string {
  const texts = items.flatMap(({ parts }) => parts.filter(({ form }) => form.key === 'text'));
  return texts.map(({ text }) => text).join('');
}
