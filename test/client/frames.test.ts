/** Tests the reader of event streams against another implementation of the standard: whatever comes, and wherever it is cut. */
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFrameReader } from '../../client/src/frames.ts';

type Told = { frames: object[]; retries: number[]; comments: number };

function readByOurs(pieces: readonly string[]): Told {
  const told: Told = { frames: [], retries: [], comments: 0 };
  const feed = createFrameReader({
    onFrame: ({ id, ...frame }) => void told.frames.push({ ...frame, ...(id !== undefined && { id }) }),
    onRetry: (ms) => void told.retries.push(ms),
    onComment: () => void told.comments++,
  });
  pieces.forEach(feed);
  return told;
}

function readByTheirs(text: string): Told {
  const told: Told = { frames: [], retries: [], comments: 0 };
  const parser = createParser({
    onEvent: ({ id, event = 'message', data }) => void told.frames.push({ type: event, data, ...(id !== undefined && { id }) }),
    onRetry: (ms) => void told.retries.push(ms),
    onComment: () => void told.comments++,
  });
  parser.feed(text);
  return told;
}

const field = fc.constantFrom('data', 'event', 'id', 'retry', '', 'other', 'dat', 'constructor');
const value = fc.oneof(fc.constantFrom('', ' ', ' x', 'item', '12', '{"a":":"}'), fc.string({ maxLength: 8 }));
const line = fc.oneof(
  fc.tuple(field, fc.constantFrom(':', ': ', ''), value).map((parts) => parts.join('').replaceAll(/[\r\n]/g, '')),
  fc.constant(''),
);
const stream = fc
  .tuple(fc.array(line, { maxLength: 20 }), fc.constantFrom('\n', '\r\n'))
  .map(([lines, end]) => [...lines, '', ''].join(end));

test('any stream is read as another implementation reads it, in whatever pieces it comes', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat({ max: 60 }), { maxLength: 6 }), (text, cuts) => {
      const places = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length];
      const pieces = places.slice(1).map((place, n) => text.slice(places[n], place));
      expect(pieces.join('')).toBe(text);
      expect(readByOurs(pieces)).toEqual(readByTheirs(text));
    }),
    { numRuns: 2000 },
  );
});
