/** What a handler is: the worker's part of a kind, a function from input to result. */
import type { Logger } from 'pino';
import type { InputOf, Kind, ResultOf } from '../src/kinds/kind.ts';
import type { Capabilities, Report } from './capabilities.ts';

/** What a handler works with. */
export type Context<K extends Kind = Kind> = {
  /** The kind's capability: does the work on request. */
  work: Capabilities[K['capability']];
  /** Where the capability reports to. It is passed with each request. */
  report: Report;
  /** Aborts when the run has to stop: the job was cancelled, is out of time or was taken over, or the process stops. */
  signal: AbortSignal;
  log: Pick<Logger, 'debug' | 'info' | 'warn'>;
  /** The finished items of a list, beginning with those of earlier attempts. */
  items(list: string): readonly unknown[];
  /** Publishes a finished item. `percent`: how far the whole job is with it, 0 to 100. */
  item(list: string, value: unknown, percent: number): Promise<void>;
  /** Publishes that a stage is reached. */
  stage(stage: string, percent: number): Promise<void>;
  /** Says that the paid work is done. The rest takes almost no time, so the deadline no longer ends the run. */
  answered(): void;
  /** Does paid work once over all attempts. Its result is kept before anything else can fail. */
  once<T>(name: string, work: () => Promise<T>): Promise<T>;
};

/** The worker's part of a kind. */
export type Handler<K extends Kind> = (input: InputOf<K>, context: Context<K>) => Promise<ResultOf<K>>;

/** A kind with its handler, as the worker takes it. */
export type Implementation = { kind: Kind; handle(input: unknown, context: Context): Promise<unknown> };

/** Joins a kind and its handler. The compiler checks that they fit. The worker parses the input before it calls the handler. */
export function implement<K extends Kind>(kind: K, handler: Handler<K>): Implementation {
  return { kind, handle: (input, context) => handler(input as InputOf<K>, context as Context<K>) };
}
