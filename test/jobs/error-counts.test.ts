/** Errors are counted for all processes, in bounded memory, with no command for a job that goes well. */
import { expect, onTestFinished, test } from 'vitest';
import { ErrorCounts, type JobError } from '../../src/jobs/error-counts.ts';
import { problems, type ProblemCode } from '../../src/job/problem.ts';
import { openQueue } from '../support/queue.ts';

const ANA: JobError = {
  jobId: 'a',
  kind: 'generate-flashcards',
  code: 'provider_timeout',
  outcome: 'failed',
  author: { provider: 'openai', model: 'gpt' },
};

/** Jobs of these ids are there. */
async function setUp(ids = ['a', 'b', 'c', 'd', 'e']) {
  const opened = await openQueue();
  for (const id of ids) await opened.redis.hset(opened.keys.job(id), 'timestamp', '1');
  const failures: unknown[] = [];
  const open = () => {
    const counts = new ErrorCounts(opened.store, (error) => failures.push(error));
    onTestFinished(() => counts.close());
    return counts;
  };
  const minutes = async () => (await opened.redis.keys(opened.keys.admin.errors() + '*')).toSorted();
  return { ...opened, open, failures, minutes };
}

test('errors of all processes are summed by code, kind, provider and model, each with an example', async () => {
  const { open } = await setUp();
  const [one, other] = [open(), open()];
  expect(await one.read()).toEqual([]);
  one.note(ANA);
  one.note({ ...ANA, jobId: 'b' });
  other.note({ ...ANA, jobId: 'c', outcome: 'retried' });
  other.note({ ...ANA, jobId: 'd', author: undefined });
  other.note({ ...ANA, jobId: 'e', code: 'provider_rate_limited', outcome: 'putOff' });
  await one.close();
  await other.close();
  const sums = (failed: number, retried: number, putOff: number) => ({
    minutes5: { failed, retried, putOff },
    hour1: { failed, retried, putOff },
  });
  expect(await open().read()).toEqual([
    {
      code: 'provider_timeout',
      kind: ANA.kind,
      provider: 'openai',
      model: 'gpt',
      ...sums(2, 1, 0),
      example: expect.stringMatching(/^[abc]$/),
    },
    { code: 'provider_timeout', kind: ANA.kind, ...sums(1, 0, 0), example: 'd' },
    { code: 'provider_rate_limited', kind: ANA.kind, provider: 'openai', model: 'gpt', ...sums(0, 0, 1), example: 'e' },
  ]);
});

test('an error is told of without a further one, and is of the last five minutes for so long, and of the hour', async () => {
  const { open, redis, minutes, keys } = await setUp();
  const counts = open();
  counts.note(ANA);
  await expect.poll(() => counts.read()).toHaveLength(1);
  const [now = ''] = await minutes();
  const minute = Number(now.slice(keys.admin.errors().length));
  const shown = async (ago: number) => {
    const [key = ''] = await minutes();
    await redis.rename(key, keys.admin.errors(minute - ago));
    return (await counts.read()).map(({ minutes5, hour1 }) => [minutes5.failed, hour1.failed]);
  };
  expect(await shown(4)).toEqual([[1, 1]]);
  expect(await shown(10)).toEqual([[0, 1]]);
  expect(await shown(59)).toEqual([[0, 1]]);
  expect(await shown(70)).toEqual([]);
  expect(await redis.pttl(keys.admin.errors(minute - 70))).toBeGreaterThan(0); // Redis drops it by itself
});

test('a minute takes a bounded number of groups, whatever models and kinds are called; none is left out of the sums', async () => {
  const { open, redis, minutes } = await setUp();
  const writers = Array.from({ length: 4 }, open);
  const codes = Object.keys(problems) as ProblemCode[];
  let noted = 0;
  for (const [w, counts] of writers.entries())
    for (let n = 0; n < 500; n++, noted++)
      counts.note({ ...ANA, code: codes[n % codes.length] ?? 'internal_error', author: { provider: 'x', model: `model-${w}-${n}` } });
  for (const counts of writers) await counts.close();
  const sizes = await Promise.all((await minutes()).map((key) => redis.hlen(key)));
  for (const size of sizes) expect(size).toBeLessThanOrEqual(2 * (200 + 3 * codes.length));
  expect((await open().read()).reduce((sum, { hour1 }) => sum + hour1.failed, 0)).toBe(noted);
});

test('a job that was erased is no example any more, nor does it become one when it is noted late; another one takes its place', async () => {
  const { open, queue, redis, keys } = await setUp(['a', 'c']);
  const counts = open();
  const examples = async () => (await counts.read()).map(({ kind, hour1, example }) => [kind, hour1.failed, example]);
  const handOn = async (...errors: JobError[]) => {
    for (const error of errors) counts.note(error);
    await counts.close();
  };
  await handOn(ANA, { ...ANA, kind: 'generate-lesson' });
  await handOn({ ...ANA, jobId: 'c' });
  expect(await examples()).toEqual([
    [ANA.kind, 2, 'a'],
    ['generate-lesson', 1, 'a'],
  ]);
  await queue.erase(['a']);
  expect(await redis.zrange(keys.admin.examples, '0', '-1')).toEqual([]);
  await handOn(ANA); // by a worker's last second
  expect(await examples()).toEqual([
    [ANA.kind, 3, undefined],
    ['generate-lesson', 1, undefined],
  ]);
  await handOn({ ...ANA, jobId: 'c' });
  expect(await examples()).toContainEqual([ANA.kind, 4, 'c']);
  await redis.del(keys.job('c')); // its time was over before it was erased
  await queue.erase(['c']);
  expect(await redis.zrange(keys.admin.examples, '0', '-1')).toEqual([]);
});

test('what can not be handed on is counted later; what others have written harms nothing', async () => {
  const { open, redis, keys, failures, minutes } = await setUp(['a', 'late']);
  const counts = open();
  counts.note(ANA);
  await counts.close();
  const [minute = ''] = await minutes();
  await redis.hset(minute, 'n[', '1', 'nx', '1', 'n["failed","none","k"]', '1', 'n["lost","provider_timeout","k"]', '1', 'n[1,2,3]', 'x');
  expect(await counts.read()).toHaveLength(1);
  await redis.del(minute);
  await redis.set(minute, 'x');
  await redis.del(keys.admin.examples);
  await redis.set(keys.admin.examples, 'x');
  expect(await counts.read()).toEqual([]);
  counts.note(ANA);
  await counts.close();
  expect((await counts.read())[0]?.hour1.failed).toBe(1);

  const group = 'n["failed","provider_timeout","generate-flashcards","openai","gpt"]';
  const known = await minutes();
  for (const key of known) await redis.hset(key, group, 'no number'); // Redis refuses to count on from it
  counts.note({ ...ANA, jobId: 'late' });
  counts.note({ ...ANA, kind: 'generate-lesson' });
  await expect.poll(() => failures.length).toBeGreaterThan(0);
  for (const key of await minutes()) await redis.del(key);
  await expect.poll(async () => (await counts.read()).length).toBe(2);
  expect((await counts.read()).find(({ kind }) => kind === ANA.kind)).toMatchObject({ hour1: { failed: 1 }, example: 'late' });
});
