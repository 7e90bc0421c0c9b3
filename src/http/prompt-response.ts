/**
 * A job of any prompt as a Response: its output and the events of its stream are those of the
 * model's answer. Each row
 * of the journal is one event. Pure.
 */
import type { JournalRow, Row, Snapshot } from '../job/snapshot.ts';
import { generateResponse } from '../kinds/generate-response.ts';
import {
  applyDelta,
  foldDeltas,
  type GrowingItem,
  itemOf,
  partOf,
  pieceOf,
  type ResponseDelta,
  type TextForm,
} from '../kinds/response-deltas.ts';

/** The number of the event of the first row: the response was created, queued and has begun before. */
export const FIRST_ROW = 3;

/** A job as it is read here. */
type PromptView = { snapshot: Pick<Snapshot, 'kind' | 'end'>; rows: readonly Row[] };

/** An event: its type and its other fields. */
type PromptEvent = { type: string; fields: object };

const LIST = 'deltas';

/** Whether a kind answers any prompt. */
export const isPrompt = (kind: string): boolean => kind === generateResponse.name;

/** The steps of the answer that are there. Where only the archive has the job, they are in its result. */
export function deltasOfPrompt({ snapshot: { end }, rows }: PromptView): ResponseDelta[] {
  const there = rows.flatMap((row) => (row.type === 'item' && row.list === LIST ? [row.value as ResponseDelta] : []));
  if (there.length > 0 || end?.outcome.type !== 'completed') return there;
  return (end.outcome.result as { deltas?: ResponseDelta[] }).deltas ?? [];
}

/** The output items, as far as they are there. */
export function outputOfPrompt(view: PromptView): object[] {
  return foldDeltas(deltasOfPrompt(view)).map((item) => itemOf(item, view.snapshot.end ? 'incomplete' : 'in_progress'));
}

/** How an answer ended that is whole as far as it goes. */
export function endOfPrompt({ snapshot: { end } }: Pick<PromptView, 'snapshot'>): { status?: string; reason?: string; usage?: object } {
  return end?.outcome.type === 'completed' ? (end.outcome.result as object) : {};
}

/** The events of all steps, and where the text stands that can go on after them. */
export function promptEvents(deltas: readonly ResponseDelta[]): { events: PromptEvent[]; open: OpenText | undefined } {
  const items: GrowingItem[] = [];
  const events = deltas.map((delta) => {
    applyDelta(items, delta);
    return eventOf(items, delta);
  });
  return { events, open: openText(items) };
}

/** A text that may go on: its form, and the fields that say where it stands. */
export type OpenText = { form: TextForm; place: object };

/** The event of a row that goes on with an open text; undefined if it is another step. */
export function continuedEvent(row: JournalRow | Row, { form, place }: OpenText): PromptEvent | undefined {
  const delta = row.type === 'item' ? (row.value as ResponseDelta) : {};
  return delta.added || delta.done || delta.part || delta[form.key] === undefined ? undefined : pieceEvent(delta, form, place);
}

function openText(items: readonly GrowingItem[]): OpenText | undefined {
  const item = items.at(-1);
  const part = item?.parts.at(-1);
  return item && part && !item.done && !part.textDone ? { form: part.form, place: placeOf(items) } : undefined;
}

/** Where the last part of the last item stands. */
function placeOf(items: readonly GrowingItem[]): object {
  const item = items.at(-1);
  const form = item?.parts.at(-1)?.form;
  const index = (item?.parts.filter((part) => part.form.list === form?.list).length ?? 1) - 1;
  const within = form?.list === 'summary' ? { summary_index: index } : form?.list === 'content' ? { content_index: index } : {};
  return { item_id: item?.head.id ?? '', output_index: items.length - 1, ...within };
}

function pieceEvent(delta: ResponseDelta, form: TextForm, place: object): PromptEvent {
  const fields = { ...place, delta: pieceOf(delta, form), ...(form.key === 'text' && { logprobs: [] }) };
  return { type: `response.${form.event}.delta`, fields };
}

/** The event of the step that was taken last. */
function eventOf(items: readonly GrowingItem[], delta: ResponseDelta): PromptEvent {
  const item = items.at(-1);
  const part = item?.parts.at(-1);
  const place = placeOf(items);
  const whole = { output_index: items.length - 1, item: item ? itemOf(item) : {} };
  if (delta.added) return { type: 'response.output_item.added', fields: { ...whole, item: delta.added } };
  if (delta.done === 'item') return { type: 'response.output_item.done', fields: whole };
  const partName = part?.form.list === 'summary' ? 'reasoning_summary_part' : 'content_part';
  if (!part || delta.done === 'part') return { type: `response.${partName}.done`, fields: { ...place, part: part && partOf(part) } };
  if (delta.part) return { type: `response.${partName}.added`, fields: { ...place, part: delta.part } };
  if (delta.done === 'text') {
    const logprobs = part.form.key === 'text' ? { logprobs: [] } : {};
    return { type: `response.${part.form.event}.done`, fields: { ...place, [part.form.field]: part.text, ...logprobs } };
  }
  return pieceEvent(delta, part.form, place);
}
