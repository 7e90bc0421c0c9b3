/** What a handler is: the worker's part of a kind, a function from input to result. */
import type { Logger } from 'pino';
import type { FileFacts, FileFieldOf, InputOf, Kind, OutputName, ResultOf } from '../src/kinds/kind.ts';
import type { Capabilities, Report } from './capabilities.ts';

/** An input file. `type` is the real one, as its inspector told it at the submission. */
export type InputFile = { bytes: Uint8Array; type: string; facts: FileFacts };

/**
 * An output file that is kept. It can stand in a result or an
 * item as it is: `output` is the place of its address.
 */
export type OutputFile = { output: OutputName; /** Its size. */ bytes: number; type: string };

/** What a handler works with. */
export type Context<K extends Kind = Kind> = {
  /** The kind's capability: does the work on request. */
  work: Capabilities[K['capability']];
  /** Where the capability reports to. It is passed with each request. */
  report: Report;
  /**
   * Aborts when the run has to stop: the job was cancelled, is
   * out of time or was taken over, or the process stops.
   */
  signal: AbortSignal;
  log: Pick<Logger, 'debug' | 'info' | 'warn'>;
  /** The finished items of a list, beginning with those of earlier attempts. */
  items(list: string): readonly unknown[];
  /** Publishes a finished item. `percent`: how far the whole job is with it, 0 to 100. */
  item(list: string, value: unknown, percent: number): Promise<void>;
  /** Counts an item of an answer that was not usable, in the job's usage. */
  dropped(): void;
  /** Publishes that a stage is reached. */
  stage(stage: string, percent: number): Promise<void>;
  /** The value of a finished field, from this attempt or an earlier one; undefined if there is none yet. */
  field(name: string): unknown;
  /** Keeps the value of a finished field for further attempts. Nobody is told of it before the result. */
  keepField(name: string, value: unknown): void;
  /**
   * Whether the job has ended from outside, or is gone. A run that was taken over by another one is
   * neither.
   */
  isOver(): Promise<boolean>;
  /**
   * Says that the paid work is done. The rest takes almost no
   * time, so the deadline no longer ends the run.
   */
  answered(): void;
  /** Does paid work once over all attempts. Its result is kept before anything else can fail. */
  once<T>(name: string, work: () => Promise<T>): Promise<T>;
  /**
   * Reads an input file. Rejects with a ProblemError that is not
   * tried again if the file is gone: it had expired or was deleted.
   */
  file(field: FileFieldOf<K>): Promise<InputFile>;
  /**
   * Reserves room for output files, in bytes as they are expected to be: for all of them,
   * or for none. To be called before they are paid for: then `output` keeps each whatever
   * its size. What is there already needs no room. The room is freed when the job has
   * ended, and when the run ends before any file is kept. Rejects as `output` does.
   */
  reserve(files: readonly { name: OutputName; bytes: number }[]): Promise<void>;
  /**
   * Keeps an output file: a part, counted from 0, or the finished file. Clients can
   * read it from then on, as long as the job is there. One of the same name is
   * replaced. Rejects with LockLostError if the job is not this run's any more, and
   * with a ProblemError `storage_full`, which is tried again, if there is no room.
   */
  output(name: OutputName, bytes: Uint8Array, type: string): Promise<OutputFile>;
  /** Reads an output file that this attempt or an earlier one has kept; undefined if there is none. */
  readOutput(name: OutputName): Promise<{ bytes: Uint8Array; type: string } | undefined>;
  /**
   * Keeps bytes for later attempts at this job; clients can't read
   * them. They go with the input files. Rejects as `output` does.
   */
  keep(name: string, bytes: Uint8Array): Promise<void>;
  /** Reads what this attempt or an earlier one has kept under this name; undefined if there is nothing. */
  kept(name: string): Promise<Uint8Array | undefined>;
};

/** The worker's part of a kind. */
export type Handler<K extends Kind> = (input: InputOf<K>, context: Context<K>) => Promise<ResultOf<K>>;

/** A kind with its handler, as the worker takes it. */
export type Implementation = { kind: Kind; handle(input: unknown, context: Context): Promise<unknown> };

/**
 * Joins a kind and its handler. The compiler checks that they
 * fit. The worker parses the input before it calls the handler.
 */
export function implement<K extends Kind>(kind: K, handler: Handler<K>): Implementation {
  return { kind, handle: (input, context) => handler(input as InputOf<K>, context as Context<K>) };
}
