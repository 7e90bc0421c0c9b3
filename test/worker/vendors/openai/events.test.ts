/** The events of an answer that streams: the same however its bytes are split, and bounded. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readChunk } from '../../../../worker/vendors/openai/chunk.ts';
import { ALIVE, type EventSource, EventTooLong, readEvents } from '../../../../worker/vendors/openai/events.ts';

/** An answer with a body in these pieces. `left`: how its reading has ended. */
function answerOf(pieces: Iterable<Uint8Array<ArrayBuffer>>): EventSource & { left: string[] } {
  const left: string[] = [];
  const texts = () => ReadableStream.from(pieces).pipeThrough(new TextDecoderStream('utf-8', { ignoreBOM: true }));
  return { left, texts, over: () => void left.push('over'), close: () => void left.push('closed') };
}

async function read(text: string, cuts: number[] = []): Promise<unknown[]> {
  const bytes = new TextEncoder().encode(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  const pieces = places.slice(1).map((end, n) => bytes.slice(places[n], end));
  const events: unknown[] = [];
  for await (const batch of readEvents(answerOf(pieces))) events.push(...batch);
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

test('a byte order mark before the first event is left out, also where it comes in pieces', async () => {
  expect(await read('\uFEFFdata: {"a":1}\n\n', [1, 2])).toEqual([{ a: 1 }]);
  expect(await read('\uFEFF{"a":1}')).toEqual([{ a: 1 }]);
});

test('events before one that is no JSON are handed on first', async () => {
  const events: unknown[] = [];
  const reading = async () => {
    const bytes = new TextEncoder().encode('data: 1\n\ndata: 2\n\ndata: {\n\ndata: 3\n\n');
    for await (const batch of readEvents(answerOf([bytes]))) events.push(...batch);
  };
  await expect(reading()).rejects.toThrow(SyntaxError);
  expect(events).toEqual([1, 2]);
});

test('whoever stops reading closes the answer; after its [DONE] only its end is left', async () => {
  const bytes = new TextEncoder().encode('data: 1\n\n');
  const stopped = answerOf([bytes, bytes]);
  for await (const [event] of readEvents(stopped)) if (event === 1) break;
  expect(stopped.left).toEqual(['closed']);
  const done = answerOf([bytes, new TextEncoder().encode('data: [DONE]\n\n'), bytes]);
  const events: unknown[] = [];
  for await (const batch of readEvents(done)) events.push(...batch);
  expect([events, done.left]).toEqual([[1], ['over', 'closed']]);
});
