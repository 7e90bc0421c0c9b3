/** Reads a body as JSON. */
import type { Context } from 'hono';
import { ProblemError } from '../job/problem.ts';
import type { AppDeps } from './app-deps.ts';
import { type BodyReader, receiveFor } from './body.ts';
import type { AppEnv } from './context.ts';

/**
 * An escaped half of a surrogate pair (RFC 8259, section 7). In UTF-8 a half can only come as an
 * escape.
 */
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

/** Keeps the bytes as they are until all are there: as text they could take twice the room. */
export class JsonReader implements BodyReader<unknown> {
  #blocks: Uint8Array[] = [];

  take(block: Uint8Array): void {
    this.#blocks.push(block);
  }

  drop(): void {
    this.#blocks = [];
  }

  /** @throws ProblemError `invalid_json` if it is no JSON in UTF-8 */
  finish(): unknown {
    try {
      const text = textOf(this.#blocks);
      this.drop();
      return wellFormed(JSON.parse(text), text);
    } catch (cause) {
      throw new ProblemError('invalid_json', 'The body can not be read as JSON; send one JSON object.', { cause });
    }
  }
}

const UTF_8 = { fatal: true };
const whole = new TextDecoder('utf-8', UTF_8);

/** @throws TypeError if it is no UTF-8 */
function textOf(blocks: readonly Uint8Array[]): string {
  const [only, ...others] = blocks;
  if (others.length === 0) return whole.decode(only);
  const decoder = new TextDecoder('utf-8', UTF_8);
  return blocks.map((block) => decoder.decode(block, { stream: true })).join('') + decoder.decode();
}

/**
 * A value of JSON with U+FFFD for each half of a surrogate pair: no vendor takes them, and neither
 * do databases. `text`: what it was read from.
 */
function wellFormed(value: unknown, text: string): unknown {
  return ESCAPED_SURROGATE.test(text) ? mend(value) : value;
}

function mend(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(mend);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toWellFormed(), mend(inner)]));
}

/**
 * Receives a small body of JSON.
 * @throws ProblemError `invalid_json`, and as `receiveBody`
 */
export async function receiveJson(
  c: Context<AppEnv>,
  deps: Pick<AppDeps, 'shares' | 'pullBody' | 'stallMs'>,
  maxBytes: number,
): Promise<unknown> {
  const held = deps.shares.bodies.hold(c.get('holder'), 0);
  try {
    return await receiveFor(c, deps, held)(new JsonReader(), maxBytes);
  } finally {
    held.release();
  }
}
