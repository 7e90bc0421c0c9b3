/** What goes in and comes out of each kind. Printed by scripts/print-client-types.ts from the kinds' definitions; do not change it here. */
import type { FileInput } from './files.ts';

/** Makes flashcards out of the given notes. */
export type FlashcardsInput = {
  content: string;
  subject?: string | undefined;
  topic?: string | undefined;
  count?: number | undefined;
  language?: string | undefined;
  difficulty?: string | undefined;
};

/** The result of that. */
export type FlashcardsResult = { flashcards: { front: string; back: string }[] };

/** The items of that, by list, as they come. */
export type FlashcardsItems = { flashcards: { front: string; back: string } };

/** Writes a lesson about a topic, or out of the given notes. */
export type LessonInput = {
  topic?: string | undefined;
  content?: string | undefined;
  subject?: string | undefined;
  level?: string | undefined;
  language?: string | undefined;
  nativeLanguage?: string | undefined;
  sections?: number | undefined;
};

/** The result of that. */
export type LessonResult = {
  lesson: {
    title: string;
    language?: string | undefined;
    objectives: string[];
    sections: { heading: string; body: string; examples?: string[] | undefined }[];
    vocabulary: { term: string; meaning: string; example?: string | undefined }[];
    exercises: { question: string; choices?: string[] | undefined; answer: string; explanation?: string | undefined }[];
  };
};

/** The items of that, by list, as they come. */
export type LessonItems = {
  objectives: string;
  sections: { heading: string; body: string; examples?: string[] | undefined };
  vocabulary: { term: string; meaning: string; example?: string | undefined };
  exercises: { question: string; choices?: string[] | undefined; answer: string; explanation?: string | undefined };
};

/** Assesses how well a recording speaks a text. */
export type PronunciationInput = { audio: FileInput; referenceText: string; language?: string | undefined };

/** The result of that. */
export type PronunciationResult = {
  recognizedText: string;
  durationMs: number;
  scores: { pronunciation: number; accuracy: number; fluency: number; completeness: number; prosody?: number | undefined };
  words: {
    word: string;
    accuracy: number;
    error: string;
    offsetMs?: number | undefined;
    durationMs?: number | undefined;
    phonemes?: { phoneme: string; accuracy: number }[] | undefined;
  }[];
  estimate?: true | undefined;
};

/** The items of that, by list, as they come. */
export type PronunciationItems = object;

/** Reads the text in an image. */
export type ImageInput = {
  image: FileInput;
  languages?: string[] | undefined;
  then?: 'flashcards' | 'lesson' | undefined;
  thenInput?: Record<string, unknown> | undefined;
};

/** The result of that. */
export type ImageResult = {
  text: string;
  width: number;
  height: number;
  lines: {
    text: string;
    polygon?: [number, number][] | undefined;
    confidence?: number | undefined;
    words?: { text: string; polygon?: [number, number][] | undefined; confidence?: number | undefined }[] | undefined;
  }[];
  child?: { jobId: string; statusUrl: string; streamUrl: string } | undefined;
};

/** The items of that, by list, as they come. */
export type ImageItems = object;

/** Speaks a text. */
export type AudioInput = {
  text: string;
  language?: string | undefined;
  voice?: string | undefined;
  speed?: number | undefined;
  format?: 'mp3' | 'wav' | undefined;
};

/** The result of that. */
export type AudioResult = {
  audio: { outputUrl: string; type: string; bytes: number; durationMs: number };
  parts: { outputUrl: string; text: string; bytes: number; durationMs: number }[];
};

/** The items of that, by list, as they come. */
export type AudioItems = { parts: { outputUrl: string; text: string; bytes: number; durationMs: number } };

/** All kinds, by the method that submits them. */
export type Kinds = {
  flashcards: { input: FlashcardsInput; result: FlashcardsResult; items: FlashcardsItems };
  lesson: { input: LessonInput; result: LessonResult; items: LessonItems };
  pronunciation: { input: PronunciationInput; result: PronunciationResult; items: PronunciationItems };
  image: { input: ImageInput; result: ImageResult; items: ImageItems };
  audio: { input: AudioInput; result: AudioResult; items: AudioItems };
};

/** Where each is submitted, and which of its fields are files. */
export const KINDS = {
  flashcards: { kind: 'generate-flashcards', path: '/api/ai/generate-flashcards', files: [] },
  lesson: { kind: 'generate-lesson', path: '/api/ai/generate-lesson', files: [] },
  pronunciation: { kind: 'pronunciation-assess', path: '/api/pronunciation-assess', files: ['audio'] },
  image: { kind: 'process-image', path: '/api/process-image', files: ['image'] },
  audio: { kind: 'generate-audio', path: '/api/ai/generate-audio', files: [] },
} as const satisfies { [Method in keyof Kinds]: { kind: string; path: string; files: readonly string[] } };
