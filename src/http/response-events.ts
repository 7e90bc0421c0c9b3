/**
 * The events of a Response's stream, made of a job's rows and its end: numbers from 0 without gaps,
 * and the same bytes for whoever reads them, now or later. Pure.
 */
import { deltasOfPrompt, isPrompt, promptEvents } from './prompt-response.ts';
import {
  deltasOf,
  hasBegun,
  messageId,
  messageOf,
  type ResponseView,
  responseText,
  textPart,
  toResponse,
  toStatus,
  unfinishedResponse,
} from './response-object.ts';

/** An event: its number, its type, and a function that makes its other fields. */
type ResponseEvent = { number: number; type: string; fields: () => object };

/** The number of the first item's delta. */
export const FIRST_DELTA = 5;

/** The frame of an event. */
export function eventFrame({ number, type, fields }: ResponseEvent): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number, ...fields() })}\n\n`;
}

/** The delta with this text. */
export function deltaEvent(jobId: string, number: number, delta: string): ResponseEvent {
  return { number, type: 'response.output_text.delta', fields: () => ({ ...placeIn(jobId), delta, logprobs: [] }) };
}

/** All events that there are of a job by now. */
export function eventsOf(view: ResponseView): ResponseEvent[] {
  const events: ResponseEvent[] = [];
  const add = (type: string, fields: () => object): void => void events.push({ number: events.length, type, fields });
  const { id, kind, end } = view.snapshot;
  add('response.created', () => ({ response: unfinishedResponse(view, 'queued') }));
  add('response.queued', () => ({ response: unfinishedResponse(view, 'queued') }));
  if (hasBegun(view)) add('response.in_progress', () => ({ response: unfinishedResponse(view, 'in_progress') }));
  const outcome = end?.outcome;
  if (isPrompt(kind)) {
    for (const { type, fields } of promptEvents(deltasOfPrompt(view)).events) add(type, () => fields);
    if (outcome) add(`response.${outcome.type === 'cancelled' ? 'failed' : toStatus(view)}`, () => ({ response: toResponse(view) }));
    return events;
  }
  const deltas = deltasOf(view);
  if (deltas.length > 0 || outcome?.type === 'completed') {
    add('response.output_item.added', () => ({ output_index: 0, item: messageOf(id, 'in_progress', []) }));
    add('response.content_part.added', () => ({ ...placeIn(id), part: textPart('') }));
    for (const delta of deltas) events.push(deltaEvent(id, events.length, delta));
  }
  if (outcome?.type === 'completed') {
    const text = responseText(view, outcome.result);
    events.push(deltaEvent(id, events.length, text.slice(deltas.join('').length)));
    add('response.output_text.done', () => ({ ...placeIn(id), text, logprobs: [] }));
    add('response.content_part.done', () => ({ ...placeIn(id), part: textPart(text) }));
    add('response.output_item.done', () => ({ output_index: 0, item: messageOf(id, 'completed', [textPart(text)]) }));
  }
  // No client knows an event for `cancelled`; the status of the Response says it.
  if (outcome) add(outcome.type === 'completed' ? 'response.completed' : 'response.failed', () => ({ response: toResponse(view) }));
  return events;
}

/** Where a text stands: it is the one part of the one message. */
function placeIn(jobId: string): object {
  return { item_id: messageId(jobId), output_index: 0, content_index: 0 };
}
