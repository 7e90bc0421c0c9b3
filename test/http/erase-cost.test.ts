/** What an erasure costs Redis: the same however long the event stream is; and a user who erases much delays nobody and loses nothing. */
import { expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { FIELDS } from '../../src/job/record.ts';
import { countCommands } from '../support/commands.ts';
import { openQueue } from '../support/queue.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

const ANA = { 'user-id': 'ana' };
const CONTENT = 'Quagga: an animal. Okapi: an animal. Water boils at 100 degrees Celsius.';

async function setUp(env: Record<string, string> = {}) {
  const stack = await startStack({ RATE_LIMIT_MAX: '1000', MAX_JOBS_PER_USER: '1000', ...env });
  const { redis, keys } = await openQueue(stack.prefix);
  const stream = keys.of('events');
  const erase = async (jobId: string) => (await fetch(`${stack.url}/api/jobs/${jobId}`, { method: 'DELETE', headers: ANA })).status;
  /** The events of a job that the stream still has, without BullMQ's own that it was removed. */
  const eventsOf = async (jobId: string) =>
    (await redis.xrange(stream, '-', '+')).filter(([, fields]) => fields.includes(jobId) && !fields.includes('removed'));
  return { stack, redis, keys, stream, erase, eventsOf };
}

/** Writes events of other jobs, as items make them. */
async function fill({ redis, keys }: Pick<Store, 'redis' | 'keys'>, count: number): Promise<void> {
  const data = JSON.stringify({ seq: 1, type: 'item', value: { front: 'x'.repeat(200), back: 'y' } });
  const pipeline = redis.pipeline();
  for (let n = 0; n < count; n++) {
    pipeline.xadd(keys.of('events'), '*', 'event', 'progress', 'jobId', `generate-flashcards-${'B'.repeat(24)}${n}`, 'data', data);
  }
  await pipeline.exec();
}

/** How many commands an erasure may cost: those for the job itself, and looks at the stream, of 64 events each. */
const MOST = 130;

test('an erasure costs the same beside thousands of events, before the job, while it waits or runs, and after its end', async () => {
  const { stack, redis, keys, erase, eventsOf } = await setUp();
  const commands = await countCommands(redis, stack.prefix);
  const costOf = async (jobId: string): Promise<number> => {
    const { result, commands: live } = await commands(() => erase(jobId));
    const seen = [...live]; // what follows is no erasure
    expect([result, await eventsOf(jobId)]).toEqual([204, []]);
    expect(seen.filter((line) => /"xrevrange"|"xrange"/i.test(line) && !/"count" "(\d|[1-5]\d|6[0-4])"/i.test(line))).toEqual([]);
    return seen.length;
  };
  const submit = async () => (await stack.submit({ content: CONTENT, count: 3 }, ANA))['jobId'] as string;

  const waiting = await submit();
  await fill({ redis, keys }, 3000);
  expect(await costOf(waiting)).toBeLessThan(MOST);

  const worker = await stack.startWorker();
  const job = await stack.submit({ content: CONTENT, count: 3 }, ANA);
  await (await stack.watch(job)).until(isEnd);
  expect((await eventsOf(job['jobId'])).some(([, fields]) => fields.join().includes('Quagga'))).toBe(true);
  await worker.stop();
  await fill({ redis, keys }, 3000);
  expect(await costOf(job['jobId'])).toBeLessThan(MOST);
});

test('rows that are written over a long time, with thousands of events of others between, are found without a search', async () => {
  const { stack, redis, keys, erase, eventsOf } = await setUp();
  const worker = await stack.startWorker();
  const job = await stack.submit({ content: CONTENT, count: 3 }, ANA);
  await (await stack.watch(job)).until(isEnd);
  await worker.stop();
  const jobId = job['jobId'] as string;
  // As if the rows had come minutes apart: the same events, at other places of the stream.
  const moved = await eventsOf(jobId);
  const rows = moved.filter(([, fields]) => fields.includes('progress'));
  const start = Number(await redis.hget(keys.job(jobId), 'timestamp'));
  await redis.xdel(keys.of('events'), ...rows.map(([id]) => id));
  let places = '';
  for (const [, fields] of rows) {
    await fill({ redis, keys }, 1000);
    const [ms = '', number = ''] = String(await redis.xadd(keys.of('events'), '*', ...fields)).split('-');
    places += `${Number(ms) - start}.${number}.1 `;
  }
  await redis.hset(keys.job(jobId), FIELDS.events, places);
  const commands = await countCommands(redis, stack.prefix);
  const { result, commands: live } = await commands(() => erase(jobId));
  const seen = [...live]; // what follows is no erasure
  expect([result, await eventsOf(jobId), seen.length < MOST]).toEqual([204, [], true]);
});

test("events that nothing tells of are found all the same: an earlier version's, and those of further runs", async () => {
  const { stack, redis, keys, erase, eventsOf } = await setUp();
  const worker = await stack.startWorker();
  const jobs = [await stack.submit({ content: CONTENT, count: 3 }, ANA), await stack.submit({ content: CONTENT, count: 3 }, ANA)];
  for (const job of jobs) await (await stack.watch(job)).until(isEnd);
  await worker.stop();
  const [old, again] = jobs.map((job) => job['jobId'] as string) as [string, string];
  await redis.hdel(keys.job(old), FIELDS.events);
  await redis.hset(keys.job(again), 'ats', '2');
  await fill({ redis, keys }, 1000);
  for (const id of [old, again]) {
    expect((await eventsOf(id)).length).toBeGreaterThan(3);
    expect([await erase(id), await eventsOf(id)]).toEqual([204, []]);
  }
});

test('a hundred erasures at once by one user all succeed, and nobody else is refused meanwhile', async () => {
  const { stack, redis, keys, erase } = await setUp();
  const jobs: string[] = [];
  for (let n = 0; n < 5; n++) {
    const some = Array.from({ length: 20 }, () => stack.submit({ content: CONTENT }, ANA));
    jobs.push(...(await Promise.all(some)).map((job) => job['jobId'] as string));
  }
  await fill({ redis, keys }, 9000);
  const erasing = Promise.all(jobs.map(erase));
  const others = await Promise.all(
    Array.from({ length: 10 }, async (_, n) => {
      const job = await stack.submit({ content: 'Hund: dog' }, { 'user-id': `user-${n}` });
      return (await fetch(`${stack.url}/api/jobs/${job['jobId']}`, { headers: { 'user-id': `user-${n}` } })).status;
    }),
  );
  expect([...new Set(others)]).toEqual([200]);
  expect([...new Set(await erasing)]).toEqual([204]);
  expect(await stack.get('/api/jobs', ANA)).toEqual({ jobs: [] });
  expect((await stack.get('/api/queue/stats'))['held']).toMatchObject({ reads: { waiting: 0 } });
});
