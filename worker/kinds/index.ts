/** The registry of handlers. The compiler demands one for each kind. */
import { kinds, type AnyKind } from '../../src/kinds/index.ts';
import { type Handler, implement, type Implementation } from '../handler.ts';
import { makeFlashcards } from './generate-flashcards.ts';

const handlers: { [K in AnyKind as K['name']]: Handler<K> } = {
  'generate-flashcards': makeFlashcards,
};

/** All kinds with their handlers. */
export const implementations: readonly Implementation[] = kinds.map((kind) => implement(kind, handlers[kind.name]));
