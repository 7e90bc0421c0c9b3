/** What a completed job stands for is stored once, and read as if it were stored twice. */
import { expect, test } from 'vitest';
import { FIELDS, parseRow } from '../../src/job/record.ts';
import { lengthenRow, shortenRows } from '../../src/job/short-rows.ts';
import { JournalShortener } from '../../worker/run/short-journals.ts';
import { answerWith, card, startOpenAI } from '../support/openai.ts';
import { openQueue, submitTo } from '../support/queue.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

const item = (list: string, index: number, value: unknown) =>
  JSON.stringify({ type: 'item', attempt: 2, list, index, value, percent: 10 * index });

test('rows whose values stand in the result become short, and whole again byte for byte', () => {
  const sections = ['Größe, "quoted"\n\u{1F40C}', 'a,"percent":1}', 'x'].map((body, n) => ({
    heading: `Section ${n}`,
    body: body.repeat(20),
  }));
  const lesson = { title: 'T', objectives: ['To learn', 'To learn more'], sections: sections.toReversed() };
  const result = JSON.stringify({ lesson });
  const rows = [
    '{"type":"progress","attempt":1,"percent":5,"stage":"generating"}',
    ...sections.map((section, n) => item('sections', n, section)),
    item('objectives', 0, 'To learn'),
    item('objectives', 1, 'What is not in the result'),
    '42',
    '{}',
  ];
  const short = shortenRows(rows, result);
  expect(short.map((row) => lengthenRow(row, result))).toEqual(rows);
  expect(short.flatMap((row, n) => (row === rows[n] ? n : []))).toEqual([0, 5, 6, 7]);
  expect(short.join('').length).toBeLessThan(300);
});

test('a short row whose result is another is no row, and nothing else is taken for a short one', () => {
  const [short = ''] = shortenRows([item('flashcards', 0, card(1))], JSON.stringify({ flashcards: [card(1)] }));
  expect(parseRow(lengthenRow(short, ''), 1)).toEqual([]);
  for (const row of ['42', '"hey"', 'null', '1 2 3', '{"a":1}', '']) expect(lengthenRow(row, '{}')).toBe(row);
});

test('a job that has completed keeps each card once, and its stream is the same as while it ran', async () => {
  const cards = Array.from({ length: 10 }, (_, n) => ({ front: `The front of card ${n}`, back: `The back of card ${n}` }));
  const openai = await startOpenAI(answerWith(cards));
  const stack = await startStack(openai.env);
  const { redis, keys } = await openQueue(stack.prefix);
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.', count: 10 });
  const live = await stack.watch(job);
  await live.until(isEnd);
  const id = job['jobId'] as string;
  const stored = async () => JSON.stringify([await redis.hgetall(keys.job(id)), await redis.lrange(keys.logs(id), 0, -1)]);
  await expect.poll(async () => (await stored()).split('The front of card 7').length - 1).toBe(1);
  expect(await redis.hexists(keys.job(id), FIELDS.checkpoint)).toBe(0);
  const lasting = ({ id: seq }: { id?: string | undefined }) => seq !== undefined;
  for (const after of [0, 5, 11]) {
    const again = await stack.watch(job, { 'last-event-id': String(after) });
    await again.until(isEnd);
    expect(again.events.filter(lasting)).toEqual(live.events.filter(lasting).slice(after));
  }
  expect((await stack.get(`${job['statusUrl']}?include=items`))['items']).toEqual({ flashcards: cards });
});

test('a journal that is not as its run left it, or whose job is gone or not completed, stays as it is', async () => {
  const { store, queue, redis, keys } = await openQueue();
  const cards = Array.from({ length: 10 }, (_, n) => ({ front: `The front of card ${n}`, back: `The back of card ${n}` }));
  const rows = cards.map((value, n) => item('flashcards', n, value));
  const result = JSON.stringify({ flashcards: cards });
  const ids = await Promise.all([0, 1, 2, 3].map(async () => (await submitTo(queue)).id));
  const [waiting, longer, erased, completed] = ids as [string, string, string, string];
  for (const id of [waiting, longer, completed]) await redis.rpush(keys.logs(id), ...rows);
  await redis.rpush(keys.logs(longer), '{}');
  for (const id of [longer, completed]) await redis.zadd(keys.of('completed'), 1, id);
  const shortener = new JournalShortener(store, async () => true);
  for (const id of ids) shortener.add({ id, rows, result });
  await expect.poll(() => redis.lindex(keys.logs(completed), 0)).toBe(shortenRows(rows, result)[0]);
  expect([await redis.lindex(keys.logs(waiting), 0), await redis.lindex(keys.logs(longer), 0)]).toEqual([rows[0], rows[0]]);
  expect(await redis.exists(keys.logs(erased))).toBe(0);
});

test('a journal stays as it is while a version may be needed to read it that does not know short rows', async () => {
  const { store, queue, redis, keys } = await openQueue();
  const cards = Array.from({ length: 10 }, (_, n) => ({ front: `The front of card ${n}`, back: `The back of card ${n}` }));
  const rows = cards.map((value, n) => item('flashcards', n, value));
  const journal = async () => {
    const { id } = await submitTo(queue);
    await redis.rpush(keys.logs(id), ...rows);
    await redis.zadd(keys.of('completed'), 1, id);
    return { id, rows, result: JSON.stringify({ flashcards: cards }) };
  };
  let mayShorten = false;
  let asked = 0;
  const shortener = new JournalShortener(store, async () => (asked++, mayShorten));
  const [first, second] = [await journal(), await journal()];
  shortener.add(first);
  await expect.poll(() => asked).toBe(1);
  mayShorten = true;
  shortener.add(second);
  await expect.poll(() => redis.lindex(keys.logs(second.id), 0)).not.toBe(rows[0]);
  expect(await redis.lrange(keys.logs(first.id), 0, -1)).toEqual(rows);
});
