/** What a handler is: the worker's part of a kind. Input in, result out. */
import type { Logger } from 'pino';
import type { InputOf, Kind, ResultOf } from '../src/kinds/kind.ts';
import type { Capabilities, Report } from './capabilities.ts';

/** What a handler works with. */
export type Context<K extends Kind = Kind> = {
  /** Does the work that the kind's capability stands for. */
  work: Capabilities[K['capability']];
  /** What the work reports: goes along with each request. */
  report: Report;
  /** Aborts when the job is to stop: cancelled, out of time, taken over, or the process is going. */
  signal: AbortSignal;
  log: Pick<Logger, 'debug' | 'info' | 'warn'>;
  /** The finished items of a list, those of earlier attempts first. */
  items(list: string): readonly unknown[];
  /** Publishes a finished item. `percent`: how far the whole job is with it, 0 to 100. */
  item(list: string, value: unknown, percent: number): Promise<void>;
  /** Publishes that a stage is reached. */
  stage(stage: string, percent: number): Promise<void>;
  /** The paid work is done: what is left takes no time worth a deadline, and ends well even past it. */
  answered(): void;
  /** Does paid work once over all attempts: what it gave is kept before anything else can fail. */
  once<T>(name: string, work: () => Promise<T>): Promise<T>;
};

/** The worker's part of a kind. */
export type Handler<K extends Kind> = (input: InputOf<K>, context: Context<K>) => Promise<ResultOf<K>>;

/** A kind with its handler, as the worker takes it. */
export type Implementation = { kind: Kind; handle(input: unknown, context: Context): Promise<unknown> };

/** Joins a kind and its handler; the types say whether they fit. The worker parses the input before it calls the handler. */
export function implement<K extends Kind>(kind: K, handler: Handler<K>): Implementation {
  return { kind, handle: (input, context) => handler(input as InputOf<K>, context as Context<K>) };
}
