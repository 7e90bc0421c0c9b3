/** What goes in and comes out of each kind. Printed by scripts/print-client-types.ts; do not change it here. */
import type { FileInput } from './files.ts';

/** The version of the HTTP contract that these types are of. A server of this version or a later one knows all of them. */
export const CONTRACT_VERSION = '1.1';

/** Makes flashcards out of the given notes. */
export type FlashcardsInput = {
  /** The notes. They must have a word or a number in them. */
  content: string;
  /** The school subject. */
  subject?: string | undefined;
  /** The topic within the subject. */
  topic?: string | undefined;
  /** How many cards at most; short notes give fewer. */
  count?: number | undefined;
  /** The language of the cards (BCP 47); without it, that of the notes. */
  language?: string | undefined;
  /** How difficult the cards should be, in any words. */
  difficulty?: string | undefined;
};

/** The result of that. */
export type FlashcardsResult = { flashcards: { front: string; back: string }[] };

/** The items of that, by list, as they come. */
export type FlashcardsItems = { flashcards: { front: string; back: string } };

/** Writes a lesson about a topic, or out of the given notes. */
export type LessonInput = {
  /** The topic. It or the notes must be there. */
  topic?: string | undefined;
  /** The notes. They or the topic must be there. */
  content?: string | undefined;
  /** The school subject. */
  subject?: string | undefined;
  /** A level of the CEFR, such as "B1", or any other words for it. */
  level?: string | undefined;
  /** The language of the lesson (BCP 47); without it, that of the notes or the topic. */
  language?: string | undefined;
  /** The language of the learner (BCP 47): meanings and explanations are in it. */
  nativeLanguage?: string | undefined;
  /** How many sections at most; short notes give fewer. */
  sections?: number | undefined;
};

/** The result of that. */
export type LessonResult = {
  lesson: {
    title: string;
    /** The language that the lesson is written in, where its author says so. */
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
export type PronunciationInput = {
  /** a recording, 30 s long at most: audio/wav, audio/mp4, audio/3gpp, audio/aac, audio/mpeg, audio/ogg, audio/webm. */
  audio: FileInput;
  /** What the recording should say. */
  referenceText: string;
  /** The language that is spoken (BCP 47), best with its region. */
  language?: string | undefined;
};

/** The result of that. */
export type PronunciationResult = {
  /** What was heard. */
  recognizedText: string;
  /** How long the recording is, in ms. */
  durationMs: number;
  scores: {
    /** From 0 to 100. */
    pronunciation: number;
    /** From 0 to 100. */
    accuracy: number;
    /** From 0 to 100. */
    fluency: number;
    /** From 0 to 100. */
    completeness: number;
    /** From 0 to 100. */
    prosody?: number | undefined;
  };
  words: {
    word: string;
    /** From 0 to 100. */
    accuracy: number;
    /** `none`, `mispronunciation`, `omission`, `insertion`, or another word of the provider's. */
    error: string;
    /** Where in the recording it begins, in ms. */
    offsetMs?: number | undefined;
    durationMs?: number | undefined;
    phonemes?:
      | {
          phoneme: string;
          /** From 0 to 100. */
          accuracy: number;
        }[]
      | undefined;
  }[];
  /** There if a model has only estimated the scores. */
  estimate?: true | undefined;
};

/** The items of that, by list, as they come. */
export type PronunciationItems = object;

/** Reads the text in an image. */
export type ImageInput = {
  /** a photo or a drawing: image/png, image/jpeg, image/webp, image/heic, image/avif. */
  image: FileInput;
  /** The languages that the text may be in (BCP 47), the likeliest first. */
  languages?: string[] | undefined;
} & (
  | { then?: undefined; thenInput?: undefined }
  | {
      /** The job that goes on with the text. */
      then: 'flashcards';
      /** The other fields of that job's input. */
      thenInput?: Omit<FlashcardsInput, 'content'> | undefined;
    }
  | {
      /** The job that goes on with the text. */
      then: 'lesson';
      /** The other fields of that job's input. */
      thenInput?: Omit<LessonInput, 'content'> | undefined;
    }
);

/** The result of that. */
export type ImageResult = {
  text: string;
  /** The width of the upright image, in pixels. */
  width: number;
  /** The height of the upright image, in pixels. */
  height: number;
  lines: {
    text: string;
    polygon?: [number, number][] | undefined;
    /** How sure the reader is, from 0 to 1. */
    confidence?: number | undefined;
    words?:
      | {
          text: string;
          polygon?: [number, number][] | undefined;
          /** How sure the reader is, from 0 to 1. */
          confidence?: number | undefined;
        }[]
      | undefined;
  }[];
  child?: { jobId: string; statusUrl: string; streamUrl: string } | undefined;
};

/** The items of that, by list, as they come. */
export type ImageItems = object;

/** Speaks a text. */
export type AudioInput = {
  /** What is spoken. */
  text: string;
  /** The language of the text (BCP 47). */
  language?: string | undefined;
  /** A voice of the provider; without it, the provider's usual one for the language. */
  voice?: string | undefined;
  /** How fast it is spoken: 1 is the voice's own speed. */
  speed?: number | undefined;
  /** The format of the file. A long text is too large as `wav`. */
  format?: 'mp3' | 'wav' | undefined;
};

/** The result of that. */
export type AudioResult = {
  audio: { outputUrl: string; type: string; bytes: number; durationMs: number };
  parts: { outputUrl: string; text: string; bytes: number; durationMs: number }[];
};

/** The items of that, by list, as they come. */
export type AudioItems = { parts: { outputUrl: string; text: string; bytes: number; durationMs: number } };

/** Answers any prompt with a model. */
export type ResponseInput = {
  /** The prompt: a text, or messages and what tools have answered. */
  input:
    | string
    | {
        type?: string | undefined;
        role?: string | undefined;
        call_id?: string | undefined;
        name?: string | undefined;
        arguments?: string | undefined;
        [field: string]: unknown;
      }[];
  /** One of the models that are set; without it, the first. */
  model?: string | undefined;
  /** What the model is told before the input. */
  instructions?: string | undefined;
  /** The most tokens of the answer, reasoning included. */
  max_output_tokens?: number | undefined;
  /** Shown again, and changes nothing: each response is a job. */
  background?: boolean | undefined;
  include?: ('reasoning.encrypted_content' | 'message.output_text.logprobs')[] | undefined;
  max_tool_calls?: number | undefined;
  /** Shown again. */
  metadata?: Record<string, unknown> | undefined;
  parallel_tool_calls?: boolean | undefined;
  prompt_cache_key?: string | undefined;
  reasoning?: Record<string, unknown> | undefined;
  safety_identifier?: string | undefined;
  service_tier?: 'auto' | 'default' | 'flex' | undefined;
  /** `false`: the provider keeps nothing, so that an answer which is cut off can not go on. */
  store?: boolean | undefined;
  temperature?: number | undefined;
  /** The format of the text, such as a JSON schema. */
  text?: Record<string, unknown> | undefined;
  tool_choice?: 'none' | 'auto' | 'required' | { type: string; name?: string | undefined; [field: string]: unknown } | undefined;
  /** Functions that the model may call. The client runs them. */
  tools?: { type: 'function'; name: string; [field: string]: unknown }[] | undefined;
  top_logprobs?: number | undefined;
  top_p?: number | undefined;
  truncation?: 'auto' | 'disabled' | undefined;
  user?: string | undefined;
};

/** The result of that. */
export type ResponseResult = {
  /** All of the text. */
  text: string;
  status: 'completed' | 'incomplete';
  /** Why it is incomplete: `max_output_tokens` or `content_filter`. */
  reason?: string | undefined;
  /** What the provider billed, in its own words. */
  usage?: { input_tokens: number; output_tokens: number; total_tokens: number } | undefined;
  /** The steps by which the answer came. */
  deltas: {
    /** The next piece of the text. */
    text?: string | undefined;
    /** The next piece of the words with which the model declines. */
    refusal?: string | undefined;
    /** The next piece of its reasoning. */
    reasoning?: string | undefined;
    /** The next piece of the summary of its reasoning. */
    summary?: string | undefined;
    /** The next piece of the arguments of a function call. */
    arguments?: string | undefined;
    /** A new output item begins. */
    added?: Record<string, unknown> | undefined;
    /** A new part of the item begins; with `done`, the part as it is in the end. */
    part?: Record<string, unknown> | undefined;
    /** What has ended. */
    done?: 'text' | 'part' | 'item' | undefined;
    /** With `done`: the item as it is in the end, where it differs from its steps. */
    item?: Record<string, unknown> | undefined;
  }[];
};

/** The items of that, by list, as they come. */
export type ResponseItems = {
  deltas: {
    /** The next piece of the text. */
    text?: string | undefined;
    /** The next piece of the words with which the model declines. */
    refusal?: string | undefined;
    /** The next piece of its reasoning. */
    reasoning?: string | undefined;
    /** The next piece of the summary of its reasoning. */
    summary?: string | undefined;
    /** The next piece of the arguments of a function call. */
    arguments?: string | undefined;
    /** A new output item begins. */
    added?: Record<string, unknown> | undefined;
    /** A new part of the item begins; with `done`, the part as it is in the end. */
    part?: Record<string, unknown> | undefined;
    /** What has ended. */
    done?: 'text' | 'part' | 'item' | undefined;
    /** With `done`: the item as it is in the end, where it differs from its steps. */
    item?: Record<string, unknown> | undefined;
  };
};

/** All kinds, by the method that submits them. */
export type Kinds = {
  flashcards: { input: FlashcardsInput; result: FlashcardsResult; items: FlashcardsItems };
  lesson: { input: LessonInput; result: LessonResult; items: LessonItems };
  pronunciation: { input: PronunciationInput; result: PronunciationResult; items: PronunciationItems };
  image: { input: ImageInput; result: ImageResult; items: ImageItems };
  audio: { input: AudioInput; result: AudioResult; items: AudioItems };
  response: { input: ResponseInput; result: ResponseResult; items: ResponseItems };
};

/** Where each is submitted, and its files, each with the most bytes that it may have. */
export const KINDS = {
  flashcards: { kind: 'generate-flashcards', path: '/api/ai/generate-flashcards', files: {} },
  lesson: { kind: 'generate-lesson', path: '/api/ai/generate-lesson', files: {} },
  pronunciation: { kind: 'pronunciation-assess', path: '/api/pronunciation-assess', files: { audio: 10485760 } },
  image: { kind: 'process-image', path: '/api/process-image', files: { image: 10485760 } },
  audio: { kind: 'generate-audio', path: '/api/ai/generate-audio', files: {} },
  response: { kind: 'generate-response', path: '/api/ai/generate-response', files: {} },
} as const satisfies { [Method in keyof Kinds]: { kind: string; path: string; files: Readonly<Record<string, number>> } };
