/** What a job has made so far, and what draws it. */

/** The items of a job by list, and its result, once it has one. The result is the authority then. */
export type Made = { items: Readonly<Record<string, readonly unknown[]>>; result: unknown };

/** Draws what a job makes. */
export type Drawing = {
  readonly node: HTMLElement;
  /** Shows what there is now. */
  update(made: Made): void;
  /** The job has ended, so that what it made can be changed. */
  end?(): void;
  /** What is taken away, where the user has changed it. */
  edited?(): unknown;
};

/** A list so far: out of the result, else the items that came. */
export function listOf<Item>(
  { items, result }: Made,
  name: string,
  ofResult: (result: never) => readonly Item[] | undefined,
): readonly Item[] {
  return result === undefined ? ((items[name] ?? []) as readonly Item[]) : (ofResult(result as never) ?? []);
}

/** What a job without a result has made, in the form of a result: jobs that failed or were cancelled keep their items. */
export function resultSoFar(kind: string, { items, result }: Made): unknown {
  if (result !== undefined) return result;
  if (Object.values(items).every((list) => list.length === 0)) return undefined;
  return kind === 'generate-lesson' ? { lesson: items } : items;
}
