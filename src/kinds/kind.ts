/**
 * The definition of a kind of job. Routes, documents, client, variables, checks and the page's
 * forms are made of it.
 */
import { z } from 'zod';
import type { Estimate } from '../job/estimate.ts';
import { OwnError } from '../job/own-error.ts';

/**
 * What a worker must be able to do for a kind: to write a structured answer, answer any prompt, read
 * an image, assess speech, or speak.
 */
export type CapabilityName = 'structuredAnswer' | 'response' | 'imageText' | 'speechAssessment' | 'speech';

/**
 * What an inspector tells of a file by its structure, without decoding it. It is kept with the
 * job's input, so it is plain JSON. A fact that the structure does not tell is absent.
 */
export type FileFacts = {
  /**
   * The real media type, such as `audio/wav`, whatever name and type the client gave to the file.
   */
  type: string;
  /** The length of a recording, in ms. */
  durationMs?: number;
  /** How it is coded inside of its container, such as `pcm-s16`, `aac`, `mp3`, `opus`, `vorbis`. */
  codec?: string;
  /** In Hz. */
  sampleRate?: number;
  channels?: number;
  /**
   * The size of an image in pixels, as it is stored: an orientation that is noted in the file is
   * not applied.
   */
  width?: number;
  height?: number;
};

/** A file that a kind takes: a part of a multipart body, or base64 in JSON. */
export type FileField = {
  /**
   * The media types that are taken, for documents and for the answer to a file that is of another
   * type.
   */
  readonly types: readonly string[];
  /** The largest file, in bytes. */
  readonly maxBytes: number;
  /** One line for documents. */
  readonly summary?: string;
  /**
   * Tells the real type and the facts. It takes time linear in the file's size, and it never
   * decodes, because it runs in the API process.
   * @throws ProblemError `unsupported_media_type` for another type, `invalid_input` for a file that
   * can't be used (its pointer is added)
   */
  inspect(bytes: Uint8Array): FileFacts | Promise<FileFacts>;
};

/** The files that a kind takes, by their fields. All of them are needed. */
export type FileFields = { readonly [field: string]: FileField };

/**
 * A file in the input of a job. Its bytes are kept apart: a handler reads them with
 * `context.file(field)`.
 */
export type FileReference = {
  facts: FileFacts;
  /** How large the file is, in bytes. */
  bytes: number;
  /** SHA-256 in base64url: two inputs with the same files are the same input. */
  digest: string;
};

/** {@link FileReference} as a schema. */
const fileReference = z.object({
  facts: z.looseObject({ type: z.string() }),
  bytes: z.int().min(0),
  digest: z.string(),
}) as unknown as z.ZodType<FileReference>;

/** Names an output file of a job: the finished file, or a part of it, counted from 0. */
export type OutputName = 'whole' | number;

/**
 * The place of an output's address in a result or an item: `{ output: 'whole' }`, `{ output: 0 }`.
 * Redis stores it so; a client gets `outputUrl` in its place. A kind that has such places says
 * `outputs: true`.
 */
export const outputMarker = z.union([z.literal('whole'), z.int().min(0)]);

/** The job that a finished job leads to. It belongs to the same user. */
export type NextJob<Result = never> = {
  kind: Kind;
  /**
   * Its input before the parent runs. The fields that the parent will fill are there, and empty.
   */
  expected: Record<string, unknown>;
  /** Its input, made of its parent's result. */
  inputFrom(result: Result): Record<string, unknown>;
};

/**
 * The place of a child's addresses in a result. Redis stores the id alone; a client gets
 * `statusUrl` and `streamUrl`, too.
 */
export const childMarker = z.object({ jobId: z.string() });

/**
 * Who does a kind in a worker that has no vendor's key: a vendor that needs none, by its name.
 * `nobody`: then the kind is off, and a submission is answered 501.
 */
export type WithoutKey<Input = never> =
  | 'nobody'
  | {
      readonly vendor: 'offline' | 'tesseract' | 'espeak-ng';
      /** The fields that an input must have for this vendor. */
      readonly needs?: readonly string[];
      /**
       * What the offline generator answers: the lists and fields that a model would write. Pure, in
       * time linear in the input. A kind without it has a maker in
       * worker/vendors/offline/makers.ts.
       */
      answer?(input: Input): Record<string, unknown>;
    };

/** Everything about a kind of job. */
export type Kind<
  Name extends string = string,
  Input extends z.ZodObject = z.ZodObject,
  Result extends z.ZodObject = z.ZodObject,
  Capability extends CapabilityName = CapabilityName,
  Files extends FileFields = FileFields,
> = {
  /** Also the BullMQ job name and the head of every id of this kind. */
  readonly name: Name;
  /** The path it is submitted at (POST). */
  readonly path: string;
  /**
   * The method of the client that submits it, in camelCase. Its types are named by it:
   * `AudioInput`.
   */
  readonly method: string;
  /**
   * What stands for it in the names of variables, in capitals: `AUDIO` in PROVIDER_AUDIO, which
   * names its vendor.
   */
  readonly variable: string;
  /** What a worker must be able to do for it. */
  readonly capability: Capability;
  /**
   * In production a kind that the offline generator does must name its vendor: see
   * src/env/rules.ts.
   */
  readonly withoutKey: WithoutKey<z.output<Input>>;
  /** One line for documents. */
  readonly summary: string;
  /** The models that a request may name, where that decides who answers. OpenAI's clients name one. */
  readonly models?: readonly string[];
  /**
   * The fields beside the files. In a multipart body a list is a field that is repeated, and an
   * object is JSON text.
   */
  readonly input: Input;
  /**
   * Makes an input of one version an input of the next: the first step makes version 2 of version
   * 1, and `input` is the version after the last step. Each change of `input` adds a step, and
   * steps are never taken out (src/kinds/input-versions.ts). A step is pure. It keeps the fields
   * that it does not know, and takes inputs without the fields that a parent fills.
   */
  readonly upgrades?: readonly ((input: Record<string, unknown>) => Record<string, unknown>)[];
  /** The files that go in, by field. A field can't be in `input`, too. */
  readonly files?: Files;
  readonly result: Result;
  /** For documents and the page: an input and its result as clients send and get them. */
  readonly example: { readonly input: Record<string, unknown>; readonly result: Record<string, unknown> };
  /** The lists of the result whose items are sent one by one, as soon as each is finished. */
  readonly lists?: readonly string[];
  /** The input of a small job, for `npm run smoke`. A file is named as it is in scripts/smoke. */
  readonly smoke: Record<string, unknown>;
  /**
   * What a phone shows when a job of this kind has ended and nobody was there. It says nothing of
   * the content.
   */
  readonly pushTexts: { readonly completed: string; readonly failed: string };
  /**
   * Whether its handler keeps output files, which results and items name by {@link outputMarker}.
   */
  readonly outputs?: boolean;
  /** Whether files that its input names may be kept beside the job (src/kinds/response-attachments.ts). */
  readonly attachments?: boolean;
  /**
   * What a job with this input will use on average, in each unit in which a vendor may bill it.
   * Admission reserves it of a user's budgets. Without it nothing is reserved.
   */
  estimate?(input: z.output<Input>): Estimate;
  /**
   * The fields that are the input of another kind, with that kind. Which kind it is depends on the
   * other fields.
   */
  nested?(values: Record<string, unknown>): Record<string, Kind>;
  /**
   * The job that a job with this input leads to. Its result then has a field `child`, of {@link
   * childMarker}.
   */
  next?(input: z.output<Input>): NextJob<z.output<Result>> | undefined;
};

/**
 * What the names of a kind look like: the head of an id, an identifier, the end of a variable's
 * name.
 */
const NAMES = { name: /^[a-z]+(-[a-z]+)*$/, method: /^[a-z]+([A-Z][a-z]+)*$/, variable: /^[A-Z]+(_[A-Z]+)*$/ } as const;

/**
 * What the client has beside the methods of kinds. A kind's method may not be called so, or `then`,
 * by which JavaScript tells a promise.
 */
export const CLIENT_MEMBERS: readonly string[] = ['jobs', 'outbox', 'request', 'restore', 'resume', 'then', 'watch'];

/**
 * Defines a kind with its types kept exact. Throws at load if a name can't be used, or a field is a
 * file and an input.
 */
export function defineKind<
  const Name extends string,
  Input extends z.ZodObject,
  Result extends z.ZodObject,
  const Capability extends CapabilityName,
  Files extends FileFields = never,
>(kind: Kind<Name, Input, Result, Capability, Files>): Kind<Name, Input, Result, Capability, Files> {
  for (const [property, shape] of Object.entries(NAMES) as [keyof typeof NAMES, RegExp][]) {
    if (!shape.test(kind[property]))
      throw new OwnError(`the ${property} of ${kind.name} must match ${shape.source}, not ${kind[property]}`);
  }
  if (CLIENT_MEMBERS.includes(kind.method)) throw new OwnError(`the method of ${kind.name} can't be ${kind.method}: the client has that`);
  const both = Object.keys(kind.files ?? {}).filter((field) => field in kind.input.shape);
  if (both.length > 0) throw new OwnError(`${kind.name} has ${both.join(', ')} among its files and in its input`);
  return kind;
}

/** The input of a kind as it is kept with a job: its fields, and a reference for each file. */
export function jobInput({ input, files = {} }: Kind): z.ZodObject {
  return input.extend(Object.fromEntries(Object.keys(files).map((field) => [field, fileReference])));
}

/**
 * The validated input of a kind, as its handler gets it: its fields, and a reference for each file.
 */
export type InputOf<K extends Kind> = z.output<K['input']> & { [Field in FileFieldOf<K>]: FileReference };

/** The names of a kind's file fields. */
export type FileFieldOf<K extends Kind> = [NonNullable<K['files']>] extends [never] ? never : keyof NonNullable<K['files']> & string;

/** The result of a kind. */
export type ResultOf<K extends Kind> = z.output<K['result']>;

/**
 * Throws where two kinds share a name, a path, a method or a variable. For those who are handed
 * kinds: the app and the worker.
 */
export function checkKinds(kinds: readonly Kind[]): void {
  const taken = kinds.flatMap(({ name, path, method, variable }) => [name, path, `.${method}`, variable]);
  if (new Set(taken).size !== taken.length) throw new OwnError('two kinds share a name, a path, a method or a variable');
}
