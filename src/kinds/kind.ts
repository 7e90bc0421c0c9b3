/** What a job kind is: the one definition that gives the route, the validation and the worker's contract. */
import { z } from 'zod';
import { OwnError } from '../job/own-error.ts';

/** What a worker must be able to do for a kind: to write a structured answer, read an image, assess speech, or speak. */
export type CapabilityName = 'structuredAnswer' | 'imageText' | 'speechAssessment' | 'speech';

/** A job kind: its name, where it is submitted, what goes in, what comes out, and what a worker must be able to do for it. */
export type Kind<
  Name extends string = string,
  Input extends z.ZodObject = z.ZodObject,
  Result extends z.ZodObject = z.ZodObject,
  Capability extends CapabilityName = CapabilityName,
> = {
  /** Also the BullMQ job name and the head of every id of this kind. */
  readonly name: Name;
  /** The path it is submitted at (POST). */
  readonly path: string;
  readonly capability: Capability;
  /** One line for documents. */
  readonly summary: string;
  readonly input: Input;
  readonly result: Result;
};

/** Defines a kind with its types kept exact. Throws at load if the name can't be the head of an id. */
export function defineKind<
  const Name extends string,
  Input extends z.ZodObject,
  Result extends z.ZodObject,
  const Capability extends CapabilityName,
>(kind: Kind<Name, Input, Result, Capability>): Kind<Name, Input, Result, Capability> {
  if (!/^[a-z]+(-[a-z]+)*$/.test(kind.name)) throw new OwnError(`a kind's name is lower-case words joined by hyphens, not ${kind.name}`);
  return kind;
}

/** The validated input of a kind. */
export type InputOf<K extends Kind> = z.output<K['input']>;

/** The result of a kind. */
export type ResultOf<K extends Kind> = z.output<K['result']>;

/** Throws where two kinds share a name or a path. For those who are handed kinds: the app and the worker. */
export function checkKinds(kinds: readonly Kind[]): void {
  const taken = kinds.flatMap(({ name, path }) => [name, path]);
  if (new Set(taken).size !== taken.length) throw new OwnError('two kinds share a name or a path');
}
