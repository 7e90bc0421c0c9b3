/** Reads a body as JSON. */
import { ProblemError } from '../job/problem.ts';
import type { BodyReader } from './body.ts';

/**
 * Keeps the bytes as they are until all are there: as text they could take twice the room.
 * @throws ProblemError `invalid_json` if it is no JSON in UTF-8
 */
export function jsonReader(): BodyReader<unknown> {
  let blocks: Uint8Array[] = [];
  return {
    take: (block) => void blocks.push(block),
    finish(): unknown {
      const decoder = new TextDecoder('utf-8', { fatal: true });
      try {
        let text = '';
        for (const block of blocks) text += decoder.decode(block, { stream: true });
        blocks = [];
        return JSON.parse(text + decoder.decode());
      } catch (cause) {
        throw new ProblemError('invalid_json', 'The body can not be read as JSON; send one JSON object.', { cause });
      }
    },
  };
}
