/** Lists over many jobs: each request does a bounded amount of work, reads only what it shows, and says where to go on. */
import { expect, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { countCommands } from '../support/commands.ts';
import { openQueue, submitTo } from '../support/queue.ts';
import { watch } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

const ANA = { 'user-id': 'ana' };
const ADMIN = { authorization: 'Bearer operator-token' };

/** An API over a queue in which Ana has many waiting jobs; `long` fills each input. */
async function withMany(count: number, long = '') {
  const stack = await startStack({ ADMIN_TOKEN: 'operator-token' });
  const opened = await openQueue(stack.prefix, { maxJobsPerUser: 100_000, maxDepth: 100_000 });
  const tenant = tenantOf('ana', undefined);
  const payload = { owner: 'ana', tenant, requestId: 'r', input: { content: long } };
  const ids: string[] = [];
  for (let n = 0; n < count; n += 10) {
    const batch = Array.from({ length: Math.min(10, count - n) }, () => submitTo(opened.queue, 'ana', payload));
    ids.push(...(await Promise.all(batch)).map(({ id }) => id));
  }
  return { stack, ids, ...opened, commands: await countCommands(opened.redis, stack.prefix) };
}

/** Does something to many jobs, some at a time. */
async function each(ids: string[], work: (id: string) => Promise<unknown>): Promise<void> {
  for (let n = 0; n < ids.length; n += 10) await Promise.all(ids.slice(n, n + 10).map(work));
}

/** Reads all pages of a list; returns their jobs, and how many were asked for. */
async function pages(url: string, headers: Record<string, string>): Promise<{ jobs: Record<string, any>[]; requests: number }> {
  const jobs: Record<string, any>[] = [];
  let requests = 0;
  for (let cursor: string | undefined = ''; cursor !== undefined; requests++) {
    const response = await fetch(`${url}${cursor && `&cursor=${cursor}`}`, { headers });
    expect(response.status).toBe(200);
    const page = (await response.json()) as { jobs: Record<string, any>[]; nextCursor?: string };
    jobs.push(...page.jobs);
    cursor = page.nextCursor;
  }
  return { jobs, requests };
}

/** The most index entries that one request looks at, how many records it reads in vain, and the most commands that such a record may cost. */
const ENTRIES = 500;
const IN_VAIN = 100;
const COMMANDS = 4 * (IN_VAIN + 100) + 100;

/** Commands that read records. */
const reads = (commands: string[]) => commands.filter((line) => /"hm?get" "[^"]*generate-flashcards-/i.test(line));

test('a filter that fits nothing among thousands costs a bounded number of commands, and says where to go on', async () => {
  const { stack, ids, queue, commands } = await withMany(1100);
  const first = await commands(() => stack.get('/api/jobs?limit=1&status=cancelled', ANA));
  expect(first.result['jobs']).toEqual([]);
  expect(first.result['nextCursor']).toEqual(expect.any(String));
  expect(first.commands.length).toBeLessThan(100); // what waits is known to have failed nowhere, without its record
  expect(first.commands.filter((line) => /"hm?get\w*" .*"(data|ai:result)"/i.test(line))).toEqual([]);

  await queue.cancel(ids[7] ?? ''); // among the oldest: the last page has it
  const all = await pages(`${stack.url}/api/jobs?limit=1&status=cancelled`, ANA);
  expect(all.jobs.map(({ jobId }) => jobId)).toEqual([ids[7]]);
  expect(all.requests).toBe(Math.ceil(1100 / ENTRIES));

  // Every job once, whatever the pages.
  const listed = await pages(`${stack.url}/api/jobs?limit=100`, ANA);
  expect(new Set(listed.jobs.map(({ jobId }) => jobId))).toEqual(new Set(ids));
  expect(listed.jobs).toHaveLength(ids.length);
});

test('a filter that fits few reads the records of those alone that may fit, a bounded number, and goes on from there', async () => {
  const { stack, ids, queue, redis, keys, commands } = await withMany(450);
  await each(ids.slice(50), (id) => queue.cancel(id)); // fifty wait, the others are cancelled
  const failed = [ids[60], ids[200], ids[440]] as string[];
  for (const id of failed) await redis.hset(keys.job(id), 'failedReason', 'provider_refused: No.');

  const page = await commands(() => stack.get('/api/jobs?limit=5&status=failed', ANA));
  expect(page.result).toMatchObject({ jobs: [{ jobId: ids[440] }], nextCursor: expect.any(String) });
  expect(reads(page.commands).length).toBeLessThanOrEqual(IN_VAIN + 6 + 10);
  const all = await pages(`${stack.url}/api/jobs?limit=5&status=failed`, ANA);
  expect(all.jobs.map(({ jobId }) => jobId)).toEqual(failed.toReversed());
  const cancelled = await pages(`${stack.url}/api/jobs?limit=100&status=cancelled`, ANA);
  expect(cancelled.jobs).toHaveLength(397);
  const waiting = await commands(() => stack.get('/api/jobs?limit=5&status=waiting', ANA));
  expect(waiting.result['jobs']).toHaveLength(5);
  const others = await commands(() => stack.get('/api/jobs?kind=generate-lesson', ANA));
  expect([others.result['jobs'], reads(others.commands)]).toEqual([[], []]); // a kind stands in the id
});

test('a user has ten lists a second, and nobody else notices; polls are no lists', async () => {
  const stack = await startStack({ LIST_RATE_MAX: '' });
  const { jobId } = await stack.submit({ content: 'a' }, ANA);
  const answers = await Promise.all(Array.from({ length: 100 }, () => fetch(`${stack.url}/api/jobs?status=failed`, { headers: ANA })));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(10); // all come within some windows of a second
  expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true);
  expect(refused[0]?.headers.get('ratelimit-policy')).toBe('"list";q=10;w=1');
  expect(Number(refused[0]?.headers.get('retry-after'))).toBe(1);
  expect(await refused[0]?.json()).toMatchObject({ code: 'rate_limited', retryable: true });
  for (const [path, user] of [
    ['/api/jobs', 'bob'],
    [`/api/jobs/${jobId}`, 'ana'],
  ]) {
    expect((await fetch(stack.url + path, { headers: { 'user-id': user ?? '' } })).status).toBe(200);
  }
});

test('an unfiltered page costs as much as it shows', async () => {
  const { stack, commands } = await withMany(100, 'a long note '.repeat(5000));
  const { result, commands: seen } = await commands(() => stack.get('/api/jobs?limit=10', ANA));
  expect(result['jobs']).toHaveLength(10);
  expect(result['jobs'][0]).toMatchObject({ status: 'waiting', maxAttempts: 3, position: expect.any(Number) });
  expect(seen.length).toBeLessThan(150);
});

test("the user's stream takes stock within a bound", async () => {
  const { stack, ids, queue, commands } = await withMany(1000);
  await each(ids.slice(1), (id) => queue.cancel(id));
  const { commands: seen } = await commands(async () => {
    const stream = await watch(`${stack.url}/api/events`, ANA);
    await stream.until(({ event }) => event === 'cancelled');
    await stream.until(({ data }) => data['jobId'] === ids[0]);
    stream.leave();
  });
  expect(seen.length).toBeLessThan(2 * COMMANDS + 100 * 20); // two indexes, and a look at each of the hundred that are told
});

test('the operator pages through failed jobs of one user, within a bound each time', async () => {
  const { stack, ids, queue, redis, keys, commands } = await withMany(700);
  const bobs = await submitTo(queue, 'bob "the\\builder"');
  await each([...ids, bobs.id], (id) => queue.cancel(id));
  // As a worker's failure leaves them.
  await each([...ids, bobs.id], (id) => redis.hset(keys.job(id), 'failedReason', 'provider_refused: No.'));
  await redis.zadd(keys.of('failed'), Date.now() + 1000, bobs.id);
  const path = `/admin/failed-jobs?user=${encodeURIComponent('bob "the\\builder"')}`;
  const first = await commands(() => stack.get(path, ADMIN));
  expect(first.result).toMatchObject({ jobs: [], more: true, nextCursor: expect.any(String) });
  expect(first.commands.length).toBeLessThan(COMMANDS);
  const all = await pages(stack.url + path, ADMIN);
  expect(all.jobs).toEqual([expect.objectContaining({ jobId: bobs.id, userId: 'bob "the\\builder"' })]);

  // Retrying goes on by the same cursor.
  const retried: string[] = [];
  for (let cursor = ''; ;) {
    const response = await fetch(`${stack.url}/admin/failed-jobs/retry${path.slice('/admin/failed-jobs'.length)}${cursor}`, {
      method: 'POST',
      headers: ADMIN,
    });
    const body = (await response.json()) as { retried: string[]; nextCursor?: string };
    retried.push(...body.retried);
    if (body.nextCursor === undefined) break;
    cursor = `&cursor=${body.nextCursor}`;
  }
  expect(retried).toEqual([bobs.id]);
});

test('a search stops when nobody waits for it any more', async () => {
  const { queue, commands } = await withMany(100);
  const gone = AbortSignal.abort();
  const { commands: seen } = await commands(() => queue.jobsOf('ana', { limit: 1, filter: { status: 'cancelled' }, signal: gone }));
  expect(seen.filter((line) => line.includes('"hmget"') || line.includes('"HMGET"'))).toEqual([]);
});
