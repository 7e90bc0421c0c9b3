/** What handlers may ask for: one small interface for each capability, whoever offers it. */
import type { z } from 'zod';
import type { Author, Usage } from '../src/job/snapshot.ts';
import type { CapabilityName } from '../src/kinds/kind.ts';

/** One call that is paid for, as the run counts it. */
export type Call = {
  /** What it has used so far, in all. */
  note(used: Usage): void;
  /** What it has used in the end; undefined where no response began, so that nothing is owed. Only the first word counts. */
  settle(used: Usage | undefined): Promise<void>;
};

/** What a vendor reports while it works. */
export type Report = {
  /** A call is about to be made by this author. `expected`: what it uses at least. Rejects where the job is not this run's any more. */
  startCall(expected: Usage, author: Author): Promise<Call>;
  /** Something of the answer is there: from now on nobody else can be asked for it in this attempt. */
  begun(): void | Promise<void>;
};

/**
 * A capability: one kind of work, done on request. It tries once; retries are the queue's, which keeps what was finished.
 * It throws a ProblemError with a `provider_…` code where the work fails, and the signal's reason once that is aborted.
 */
export type Capability<Request, Result> = (request: Request, report: Report, signal: AbortSignal) => Promise<Result>;

/** What a handler makes of a value: it is new, it brings nothing new (a repetition, or not valid), or no more is wanted. */
export type Verdict = 'new' | 'nothing' | 'enough';

/** A structured answer: a JSON object whose lists and fields are handed on as they are finished. */
export type AnswerRequest = {
  kind: string;
  /** The kind's validated input, for an author that does without a model. */
  input: unknown;
  /** The shape of the answer. Its arrays are the lists. A model is told of it; what it writes is checked by `take`. */
  schema: z.ZodObject;
  /** For each list: how many items are wanted, and how many characters of JSON an item has at most, about. */
  lists: Record<string, { wanted: number; itemLength: number }>;
  /** What a model is asked to do. Nothing of the user's is in it. */
  instructions: string;
  /** What a model works with, as data and never as instructions. It also holds what is there already. */
  material: Record<string, unknown>;
  /** Takes a finished item of a list, or another field's value. It is not checked yet. */
  take(field: string, value: unknown): Promise<Verdict>;
  /** The answer is whole: at most a second more goes by, for the provider's word on what it used. */
  whole(): void;
};

/**
 * How a structured answer has ended: `whole`, as its author sees it; or `partial`, stopped before that with some values
 * given: at a limit, because nothing new came, or because the taker had enough.
 */
export type Ending = 'whole' | 'partial';

/** A point of an image, in pixels. */
export type Point = [x: number, y: number];

/** The text of an image. */
export type ImageTextRequest = { image: Uint8Array; type: string; languages: string[] };
export type ImageTextResult = {
  text: string;
  width: number;
  height: number;
  lines: { text: string; polygon?: Point[]; confidence?: number; words?: { text: string; polygon?: Point[]; confidence?: number }[] }[];
};

/** How well a recording speaks a text; scores are 0 to 100. */
export type SpeechAssessmentRequest = { audio: Uint8Array; type: string; referenceText: string; language: string };
export type SpeechAssessmentResult = {
  recognizedText: string;
  durationMs: number;
  scores: { pronunciation: number; accuracy: number; fluency: number; completeness: number; prosody?: number };
  words: {
    word: string;
    accuracy: number;
    error: string;
    offsetMs?: number;
    durationMs?: number;
    phonemes?: { phoneme: string; accuracy: number }[];
  }[];
};

/** A text spoken: PCM of 16 bits, mono. */
export type SpeechRequest = { text: string; language: string; voice?: string; speed: number };
export type SpeechResult = { pcm: Uint8Array; sampleRate: number };

/** All capabilities, by name. */
export type Capabilities = {
  structuredAnswer: Capability<AnswerRequest, Ending>;
  imageText: Capability<ImageTextRequest, ImageTextResult>;
  speechAssessment: Capability<SpeechAssessmentRequest, SpeechAssessmentResult>;
  speech: Capability<SpeechRequest, SpeechResult>;
} & Record<CapabilityName, unknown>;
