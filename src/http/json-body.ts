/** Reads a body as JSON. */
import { ProblemError } from '../job/problem.ts';
import type { BodyReader } from './body.ts';

/** An escape of a half of a surrogate pair (RFC 8259, section 7): only so can one come in UTF-8. */
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * Keeps the bytes as they are until all are there: as text they could take twice the room.
 * @throws ProblemError `invalid_json` if it is no JSON in UTF-8
 */
export function jsonReader(): BodyReader<unknown> {
  let blocks: Uint8Array[] = [];
  return {
    take: (block) => void blocks.push(block),
    drop: () => void (blocks = []),
    finish(): unknown {
      const decoder = new TextDecoder('utf-8', { fatal: true });
      try {
        let text = '';
        for (const block of blocks) text += decoder.decode(block, { stream: true });
        blocks = [];
        text += decoder.decode();
        return wellFormed(JSON.parse(text), text);
      } catch (cause) {
        throw new ProblemError('invalid_json', 'The body can not be read as JSON; send one JSON object.', { cause });
      }
    },
  };
}

/** A value of JSON with U+FFFD for each half of a surrogate pair: no vendor takes them, and neither do databases. `text`: what it was read from. */
function wellFormed(value: unknown, text: string): unknown {
  return ESCAPED_SURROGATE.test(text) ? mend(value) : value;
}

function mend(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(mend);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toWellFormed(), mend(inner)]));
}
