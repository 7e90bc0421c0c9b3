/** The events of an answer that streams: the same however its bytes are split, and bounded. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readChunk } from '../../../../worker/vendors/openai/chunk.ts';
import { ALIVE, EventTooLong, readEvents } from '../../../../worker/vendors/openai/events.ts';

const responseOf = (pieces: Uint8Array[]) => new Response(ReadableStream.from(pieces));

async function read(text: string, cuts: number[] = [], signal = new AbortController().signal): Promise<unknown[]> {
  const bytes = new TextEncoder().encode(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  const pieces = places.slice(1).map((end, n) => bytes.slice(places[n], end));
  const events: unknown[] = [];
  for await (const event of readEvents(responseOf(pieces), signal)) events.push(event);
  return events;
}

test.each(['\n', '\r\n', '\r'])('lines that end with %j, comments, other fields and data of several lines, cut anywhere', async (end) => {
  const lines = [
    ': hello',
    'event: x',
    'data: {"a":"ü€😀"}',
    '',
    'id: 1',
    'data:{"b":',
    'data:2}',
    '',
    '',
    'data: [3]',
    'retry',
    '',
    'data: [DONE]',
    '',
    'data: {"late":1}',
    '',
  ];
  const expected = [ALIVE, { a: 'ü€😀' }, { b: 2 }, [3]];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat()), async (cuts) => {
      expect(await read(lines.join(end), cuts)).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test('the last event may lack its empty line, and the stream its [DONE]', async () => {
  expect(await read('data: {"a":1}\n\ndata: {"b":2}')).toEqual([{ a: 1 }, { b: 2 }]);
});

test.each([
  ['data: {"error":{"message":"full","code":"insufficient_quota"}}\n\n', 'insufficient_quota'],
  ['event: error\ndata: {"message":"full","code":"other"}\n\n', 'other'],
  ['data: {"error":"full"}\n\n', undefined],
])('an error that the server sends is told apart: %j', async (text, code) => {
  const [event] = await read(text);
  expect(readChunk(event).error).toMatchObject({ message: 'full', ...(code !== undefined && { code }) });
});

test.each([
  ['one value', '{"choices":[]}', [{ choices: [] }]],
  ['one value in several lines', '{\n  "choices": []\n}\n', [{ choices: [] }]],
  ['a list', '[{"a":1},\n{"b":2}]', [{ a: 1 }, { b: 2 }]],
  ['a value in each line', '{"a":1}\n{"b":2}\n', [{ a: 1 }, { b: 2 }]],
])('a body of JSON, though a stream was asked for: %s', async (_, text, events) => {
  expect(await read(text)).toEqual(events);
  expect(await read(text, [1, 2, 3, 5, 8])).toEqual(events);
});

test('what is no JSON is thrown', async () => {
  await expect(read('data: {"a":\n\n')).rejects.toThrow(SyntaxError);
});

test.each([
  ['a line', () => `data: ${'x'.repeat(65_536)}`.repeat(40)],
  ['an event of many lines', () => `data: ${'x'.repeat(65_536)}\n`.repeat(40)],
])('%s that never ends is refused', async (_, text) => {
  await expect(read(text())).rejects.toThrow(EventTooLong);
});

test('whoever stops reading, or aborts, closes the connection', async () => {
  let cancelled = 0;
  const endless = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
        cancel: () => void cancelled++,
      }),
    );
  for await (const event of readEvents(endless(), new AbortController().signal)) if (event === 1) break;
  expect(cancelled).toBe(1);
  const abort = new AbortController();
  for await (const event of readEvents(endless(), abort.signal)) if (event === 1) abort.abort();
  expect(cancelled).toBe(2);
});
