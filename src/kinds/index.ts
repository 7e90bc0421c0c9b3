/** The registry: every job kind there is. */
import { flashcards } from './flashcards.ts';
import type { Kind } from './kind.ts';

/** All kinds; a new one is added here and gets a handler in the worker. */
export const kinds = [flashcards] as const satisfies readonly Kind[];

/** One of the registered kinds. */
export type AnyKind = (typeof kinds)[number];

/** The name of a registered kind. */
export type KindName = AnyKind['name'];

if (new Set(kinds.flatMap(({ name, path }) => [name, path])).size !== kinds.length * 2) {
  throw new Error('two kinds share a name or a path');
}

/** The kind of that name, or undefined. */
export function findKind(name: string): AnyKind | undefined {
  return kinds.find((kind) => kind.name === name);
}
