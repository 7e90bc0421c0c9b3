/** What a job kind is: the one definition that gives the route, the validation and the worker's contract. */
import { z } from 'zod';

/** A job kind: its name, where it is submitted, what goes in and what comes out. */
export type Kind<Name extends string = string, Input extends z.ZodObject = z.ZodObject, Result extends z.ZodObject = z.ZodObject> = {
  /** Also the BullMQ job name and the head of every id of this kind. */
  readonly name: Name;
  /** The path it is submitted at (POST). */
  readonly path: string;
  /** One line for documents. */
  readonly summary: string;
  readonly input: Input;
  readonly result: Result;
};

/** Defines a kind with its types kept exact. Throws at load if the name can't be the head of an id. */
export function defineKind<const Name extends string, Input extends z.ZodObject, Result extends z.ZodObject>(
  kind: Kind<Name, Input, Result>,
): Kind<Name, Input, Result> {
  if (!/^[a-z]+(-[a-z]+)*$/.test(kind.name)) throw new Error(`a kind's name is lower-case words joined by hyphens, not ${kind.name}`);
  return kind;
}

/** The validated input of a kind. */
export type InputOf<K extends Kind> = z.output<K['input']>;

/** The result of a kind. */
export type ResultOf<K extends Kind> = z.output<K['result']>;
