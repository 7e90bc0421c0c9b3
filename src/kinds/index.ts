/** The registry: every job kind there is. */
import { flashcards } from './flashcards.ts';
import { audio } from './generate-audio.ts';
import { generateResponse } from './generate-response.ts';
import { lesson } from './lesson.ts';
import { pronunciation } from './pronunciation-assess.ts';
import type { Kind } from './kind.ts';
import { processImage } from './process-image.ts';

/** All kinds. A new one is added here; then the compiler demands its handler in the worker. */
export const kinds = [flashcards, lesson, pronunciation, processImage, audio, generateResponse] as const satisfies readonly Kind[];

/** One of the registered kinds. */
export type AnyKind = (typeof kinds)[number];
