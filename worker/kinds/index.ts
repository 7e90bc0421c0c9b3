/** The registry of handlers. The compiler demands one for each kind. */
import { kinds, type AnyKind } from '../../src/kinds/index.ts';
import { type Handler, implement, type Implementation } from '../handler.ts';
import { generateAudio } from './generate-audio.ts';
import { answerPrompt } from './generate-response.ts';
import { makeFlashcards } from './generate-flashcards.ts';
import { makeLesson } from './generate-lesson.ts';
import { assessPronunciation } from './pronunciation-assess.ts';
import { readImage } from './process-image.ts';

const handlers: { [K in AnyKind as K['name']]: Handler<K> } = {
  'generate-flashcards': makeFlashcards,
  'generate-lesson': makeLesson,
  'pronunciation-assess': assessPronunciation,
  'process-image': readImage,
  'generate-audio': generateAudio,
  'generate-response': answerPrompt,
};

/** All kinds with their handlers. */
export const implementations: readonly Implementation[] = kinds.map((kind: AnyKind) => implement(kind, handlerOf(kind)));

/**
 * The handler of a kind. The table's type says that they fit; for a union of kinds the compiler
 * can't see it.
 */
function handlerOf<K extends AnyKind>(kind: K): Handler<K> {
  return handlers[kind.name] as unknown as Handler<K>;
}
