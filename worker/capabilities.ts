/** What handlers may ask for: one small interface for each capability. Vendors implement them. */
import type { z } from 'zod';
import type { DetailedUsage } from '../src/job/price.ts';
import type { ProblemCode } from '../src/job/problem.ts';
import type { Author, Usage } from '../src/job/snapshot.ts';
import type { CapabilityName, FileFacts, InputOf, ResultOf } from '../src/kinds/kind.ts';
import type { generateResponse } from '../src/kinds/generate-response.ts';
import type { GrowingItem } from '../src/kinds/response-deltas.ts';
import type { pronunciation } from '../src/kinds/pronunciation-assess.ts';
import type { Pcm } from './audio/pcm.ts';

/** One call that is paid for. The run counts what it uses. */
export type Call = {
  /** Notes what the call has used so far, in all. */
  note(used: DetailedUsage): void;
  /**
   * Ends the call with what it has used; undefined if no response began, so that nothing is
   * counted. It counts once only.
   */
  settle(used: DetailedUsage | undefined): Promise<void>;
  /** What it has used so far, with what that costs; undefined while no response has begun. */
  used?(): Usage | undefined;
};

/** The usage of a call that bills no tokens: other units are added to it. */
export const NO_TOKENS: Usage = { inputTokens: 0, outputTokens: 0 };

/** A call of a vendor that is over, as its guard saw it. */
export type EndedCall = {
  /** Who was called: the vendor, and the model that settings name. */
  author: Author;
  /** How long it took, in ms. */
  ms: number;
  /** When the first part of the answer was there, in ms since the call; absent if none came. */
  firstMs?: number | undefined;
  /** Why the answer was over, as the vendor said it, by the words of OpenAI. */
  finish?: string | undefined;
  /** The code of what ended it; absent if it went well. `aborted`: its job needs it no more. */
  code?: ProblemCode | 'aborted' | undefined;
  /** Tells what it has used, as far as that is known. It is computed when it is asked for. */
  used?: (() => Usage | undefined) | undefined;
};

/** What a capability reports while it works. */
export type Report = {
  /**
   * This author is about to make a call. `expected`: what it uses at least. Rejects if the job does
   * not belong to this run any more.
   */
  startCall(expected: DetailedUsage, author: Author): Promise<Call>;
  /** A part of the answer is there. From now on this attempt asks no fallback. */
  begun(): void | Promise<void>;
  /**
   * The vendor has shown that it works, though nothing of the answer has come: the attempt's
   * deadline moves, unless JOB_TIMEOUT_MS is set.
   */
  alive(): void;
  /** The vendor has said why its answer is over. */
  finished?: ((reason: string) => void) | undefined;
  /** A call is over. The guard tells it, for all vendors. */
  called?(call: EndedCall): void;
};

/**
 * A capability: one type of work, done on request. It tries once. The queue does the retries, and
 * keeps what was finished. It throws a ProblemError with a `provider_…` code if the work fails, and
 * the signal's reason if the signal is aborted.
 */
export type Capability<Request, Result> = (request: Request, report: Report, signal: AbortSignal) => Promise<Result>;

/**
 * What a handler says about a value: it is new, it is nothing new (a repetition, or not valid), or
 * no more is wanted.
 */
export type Verdict = 'new' | 'nothing' | 'enough';

/** A piece of an answer: an item of a list, or the value of another field. */
export type Piece = { field: string; value: unknown };

/**
 * A request for a structured answer: a JSON object. Each item of a list and each field is handed on
 * as soon as it is finished.
 */
export type AnswerRequest = {
  kind: string;
  /** The kind's validated input, for a vendor that works without a model. */
  input: unknown;
  /**
   * The shape of the answer. Its arrays are the lists. A model is asked for this shape; `take`
   * checks what it writes.
   */
  schema: z.ZodObject;
  /**
   * For each list: how many items are wanted, and about how many characters of JSON an item has at
   * most.
   */
  lists: Record<string, { wanted: number; itemLength: number }>;
  /** What a model is asked to do. It contains nothing that a user wrote. */
  instructions: string;
  /** The items that are there already, by list. */
  there: Record<string, readonly unknown[]>;
  /**
   * Makes what a model works with: the user's content as plain text, and what is there already. It
   * is sent as data, never as instructions. A vendor without a model spares the process this work.
   */
  material(): Record<string, unknown>;
  /**
   * Takes a finished item of a list, or the value of another field. The value has not been checked
   * yet.
   */
  take(field: string, value: unknown): Promise<Verdict>;
  /**
   * Says that the answer is whole. After that the capability waits at most a second, for the usage.
   */
  whole(): void;
};

/**
 * How much of a structured answer there is. `whole`: its author has finished it. `partial`: some
 * values were given, and then it was stopped: at a limit, because nothing new came, or because
 * `take` said `enough`.
 */
export type Completeness = 'whole' | 'partial';

/** A point in an image, in pixels. */
export type Point = [x: number, y: number];

/** An image file. `type`: the real one, as its inspector told it. */
export type Picture = { bytes: Uint8Array; type: string };

/** A request for the text in an image. */
export type ImageTextRequest = {
  image: Picture;
  /** Those that the text may be in (BCP 47), the likeliest first. */
  languages: readonly string[];
  /**
   * What an earlier attempt has started and paid for at a vendor that reads in the background;
   * undefined if there is nothing.
   */
  started: string | undefined;
  /** Keeps that for later attempts. */
  keepStarted(reference: string): void;
};

/** A word with its place, and how sure it is, from 0 to 1: as far as the vendor tells them. */
export type TextWord = { text: string; polygon?: Point[]; confidence?: number };

/**
 * The text in an image, in reading order. It is empty if there is none. Places are those in the
 * upright image, which has this size.
 */
export type ImageTextResult = { text: string; width: number; height: number; lines: (TextWord & { words?: TextWord[] })[] };

/** A request for the answer to any prompt. */
export type PromptRequest = {
  input: InputOf<typeof generateResponse>;
  /** Whether clients have a part of the answer already, from an earlier attempt. */
  begun: boolean;
  /**
   * The provider's id of an answer that an earlier attempt has begun, and what was counted of it;
   * undefined if there is none.
   */
  started: StartedResponse | undefined;
  /** Keeps that for later attempts; undefined: they begin anew. */
  keepStarted(started: StartedResponse | undefined): void;
  /** What there is of the answer. The vendor changes it and says so. */
  output: GrowingItem[];
  /** Says that the answer has grown. It is published soon. Throws what an earlier publishing has thrown. */
  grown(): void;
  /** Whether the job has ended, or is gone: then nobody wants the answer any more. */
  isOver(): Promise<boolean>;
};

/**
 * An answer that goes on at the provider without a connection. `counted`: what of it was counted
 * as used.
 */
export type StartedResponse = { id: string; counted?: Usage | undefined };

/** How an answer ended. The answer itself is in the request's `output`. */
export type PromptEnd = Pick<ResultOf<typeof generateResponse>, 'status' | 'reason' | 'usage'>;

/** A recording. `facts`: what its structure tells of it, its type among them. */
export type Recording = { bytes: Uint8Array; facts: FileFacts };

/** A request for an assessment of how well a recording speaks a text. */
export type SpeechAssessmentRequest = { audio: Recording; referenceText: string; language: string };

/** An assessment: it is the result of the kind. */
export type SpeechAssessmentResult = ResultOf<typeof pronunciation>;

/** A text to be spoken. `speed`: 1 is the voice's own. */
export type SpeechRequest = { text: string; language: string; voice?: string | undefined; speed: number };

/** Speaks texts of a limited length. */
export type Speech = {
  /** That of the sound, in Hz, as far as it is known before. */
  sampleRate: number;
  /** How many characters (UTF-16 code units) one request may have in this language. */
  maxLength(language: string): number;
  speak: Capability<SpeechRequest, Pcm>;
};

/** All capabilities, by name. */
export type Capabilities = {
  structuredAnswer: Capability<AnswerRequest, Completeness>;
  response: Capability<PromptRequest, PromptEnd>;
  imageText: Capability<ImageTextRequest, ImageTextResult>;
  speechAssessment: Capability<SpeechAssessmentRequest, SpeechAssessmentResult>;
  speech: Speech;
} & Record<CapabilityName, unknown>;
