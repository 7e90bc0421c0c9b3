/** The steps from one state of an answer to a later one. Pure. */
import {
  applyDelta,
  type GrowingItem,
  type GrowingPart,
  itemOf,
  type OutputItem,
  type OutputPart,
  partOf,
  type ResponseDelta,
} from './response-deltas.ts';

/** An answer is not the continuation of what was published of it. */
export class NotContinuedError extends Error {
  override name = 'NotContinuedError';
}

/**
 * Makes the steps that lead from what was published to what there is, and takes them. Items and
 * parts come one after
 * the other: the next begins when the one before has ended.
 * @throws NotContinuedError if what was published is no beginning of it
 */
export function stepsTo(published: GrowingItem[], target: readonly GrowingItem[]): ResponseDelta[] {
  const steps: ResponseDelta[] = [];
  const take = (step: ResponseDelta): void => {
    steps.push(step);
    applyDelta(published, step);
  };
  for (const [index, item] of target.entries()) {
    if (!published[index]) take({ added: item.head });
    const known = published[index];
    if (!known || known.head.type !== item.head.type) throw new NotContinuedError('another item');
    if (known.done) continue;
    if (!growParts(known, item, take) || !item.done) break;
    const final = item.final && !isEqual(item.final, itemOf({ ...known, done: true })) ? item.final : undefined;
    take({ done: 'item', ...(final && { item: withIdOf(known, final) }) });
  }
  return steps;
}

/** Returns whether all parts that there are have ended. */
function growParts(known: GrowingItem, item: GrowingItem, take: (step: ResponseDelta) => void): boolean {
  for (const [index, part] of item.parts.entries()) {
    if (!known.parts[index] && part.head) take({ part: part.head });
    const grown = known.parts[index];
    if (!grown || grown.form !== part.form) throw new NotContinuedError('another part');
    // What is read again from its start has not come so far yet.
    if (!part.textDone && part.text.length < grown.text.length && grown.text.startsWith(part.text)) return false;
    if (!part.text.startsWith(grown.text)) throw new NotContinuedError('another text');
    if (grown.done) continue;
    if (part.text.length > grown.text.length) take({ [part.form.key]: part.text.slice(grown.text.length) });
    if (part.textDone && !grown.textDone) take({ done: 'text' });
    if (!part.done) return false;
    if (part.head) take({ done: 'part', ...finalOf(grown, part) });
    else grown.done = true;
  }
  return true;
}

function finalOf(grown: GrowingPart, { final }: GrowingPart): { part?: OutputPart } {
  return final && !isEqual(final, partOf(grown)) ? { part: final } : {};
}

/** Clients know an item by the id with which it began. */
function withIdOf({ head: { id } }: GrowingItem, final: OutputItem): OutputItem {
  return id === undefined ? final : { ...final, id };
}

function isEqual(one: object, other: object): boolean {
  const sorted = (value: object) => JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(one) === sorted(other);
}
