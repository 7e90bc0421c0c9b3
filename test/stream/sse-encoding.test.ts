/** Frames: whatever is in them, a parser reads back what was put in. */
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, encodeRetry, PADDING, parseCursor, PING } from '../../src/stream/sse-encoding.ts';

const parse = (text: string) => {
  const events: { id?: string | undefined; event?: string | undefined; data: string }[] = [];
  const retries: number[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event), onRetry: (ms) => retries.push(ms) });
  parser.feed(text);
  return { events, retries };
};

const hostile = fc.string({
  unit: fc.constantFrom('\r', '\n', '\0', '\u2028', ':', ' ', 'id: 7', 'event: completed', 'data: {}', 'retry: 1', '"', '\\', 'é', '😀'),
});

test('any content comes back as it was, in one event that nothing in it can forge', () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(hostile, fc.oneof(hostile, fc.jsonValue()))), fc.nat(), (values, id) => {
      const text = values.map((data, index) => encodeFrame({ event: 'item', data, id: id + index })).join('');
      const { events, retries } = parse(PADDING + PING + text);
      expect(retries).toEqual([]);
      expect(events.map(({ event, id: seen, data }) => ({ event, seen, data: JSON.parse(data) }))).toEqual(
        values.map((data, index) => ({ event: 'item', seen: String(id + index), data: JSON.parse(JSON.stringify(data)) })),
      );
    }),
  );
});

test('a frame without an id carries none, so a cursor stays where it was', () => {
  expect(encodeFrame({ event: 'status', data: 1 })).toBe('event: status\ndata: 1\n\n');
  expect(encodeFrame({ event: 'completed', data: 1, id: 4, retry: 0 })).toBe('id: 4\nevent: completed\ndata: 1\nretry: 0\n\n');
  expect(parse(encodeRetry(2000)).retries).toEqual([2000]);
});

test('an event name can not be more than a name', () => {
  for (const event of ['a\nid: 1', 'a b', '', 'A']) expect(() => encodeFrame({ event, data: 1 })).toThrow('event');
});

test('the padding is over 1 KiB', () => expect(PADDING.length).toBeGreaterThan(1024));

test('a cursor is a whole number, nothing, or malformed', () => {
  expect(parseCursor(undefined)).toBe(0);
  expect(parseCursor('')).toBe(0);
  expect(parseCursor('17')).toBe(17);
  for (const text of ['-1', '1.5', 'x', '1e3', ' 1', '9'.repeat(16), '0x1', '١']) expect(parseCursor(text)).toBe('malformed');
  fc.assert(
    fc.property(
      fc.string(),
      (text) => [0, 'malformed'].includes(parseCursor(text)) || String(Number(text)) === text.replace(/^0+(?=\d)/, ''),
    ),
  );
});
