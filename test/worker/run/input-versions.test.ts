/** Releases beside each other: a worker gives back what is too new for it, and upgrades what is older. Nothing is dropped. */
import { expect, onTestFinished, test } from 'vitest';
import { kindOf } from '../../../src/jobs/to-snapshot.ts';
import { FIELDS, type Payload } from '../../../src/job/record.ts';
import { tenantOf } from '../../../src/job/tenant.ts';
import { doersOf } from '../../../src/jobs/doers.ts';
import { Registration, type KnownWorker, type WorkerDescription } from '../../../src/jobs/worker-registry.ts';
import { keysUnder } from '../../../src/store/keys.ts';
import { openRedis } from '../../support/keys.ts';
import { endPauses, endTime } from '../../support/pauses.ts';
import { openQueue, storeOver } from '../../support/queue.ts';
import { isEnd, lasting } from '../../support/sse.ts';
import { startStack } from '../../support/stack-in-process.ts';
import { submitJson } from '../../support/submit.ts';
import { release } from '../../support/versions.ts';

const ANA = { 'user-id': 'ana' };
const LOUD = { text: 'a', tones: ['kind'], loud: true };

/** Two releases over one store, each with an API; their workers are the test's to start. */
async function twoReleases(env: Record<string, string> = {}) {
  const newer = await startStack(env, release('newer'));
  const same = { ...env, REDIS_KEY_PREFIX: newer.prefix };
  const older = await startStack(same, release('older'));
  const redis = openRedis();
  const keys = keysUnder(newer.prefix);
  const dataOf = async (id: string) => JSON.parse((await redis.hget(keys.job(id), 'data')) ?? '') as Payload;
  const countOf = async (id: string, field: string) => Number((await redis.hget(keys.job(id), field)) ?? 0);
  /** The score of a job that is delayed: in the lane of its kind, or in none if it came before a worker had said which lanes it has. */
  const dueOf = async (id: string) =>
    (await redis.zscore(keys.of('delayed', kindOf(id)), id)) ?? (await redis.zscore(keys.of('delayed'), id));
  /** Resolves once a job was given back so often, and waits again. */
  const givenBack = async (id: string, times: number) => {
    await expect.poll(() => countOf(id, FIELDS.givenBack)).toBe(times);
    await expect.poll(() => dueOf(id)).not.toBeNull();
  };
  /** Resolves once a job has ended, whoever takes it first: nobody waits for a pause. */
  const ended = async (id: string) => {
    const look = async () => {
      await endPauses(newer.prefix);
      return redis.hexists(keys.job(id), 'finishedOn');
    };
    await expect.poll(look).toBe(1);
  };
  return { newer, older, redis, keys, dataOf, countOf, dueOf, givenBack, ended };
}

/** A worker that says that it knows a version, and takes nothing. */
async function pretend(prefix: string, inputVersions: WorkerDescription['inputVersions']) {
  const kinds = { tell: { available: true, provider: 'teller', answers: 'teller' } } as const;
  const store = storeOver(openRedis(), prefix);
  const registration = new Registration(store, 'busy', { name: 'busy', version: '2', concurrency: 1, kinds, inputVersions }, (error) =>
    expect.fail(String(error)),
  );
  onTestFinished(() => registration.leave());
  await registration.register();
}

test('a worker that knows less gives the job back at no cost, and one that knows more takes it, with all its fields', async () => {
  const { newer, older, countOf, givenBack, dataOf, ended } = await twoReleases();
  await older.startWorker();
  const { body } = await submitJson(newer, '/api/tell', LOUD);
  const id = String(body['jobId']);
  const stream = await newer.watch(body, ANA);
  await givenBack(id, 1);
  expect(await older.get(`/api/jobs/${id}`, ANA)).toMatchObject({ status: 'waiting', kind: 'tell' });
  expect(await dataOf(id)).toMatchObject({ v: 2, input: LOUD });

  await newer.startWorker();
  await ended(id);
  const { event, data } = await stream.until(isEnd);
  expect([event, data['result']]).toEqual(['completed', { input: LOUD, by: 'newer' }]);
  expect(await newer.get(`/api/jobs/${id}`, ANA)).toMatchObject({ attempt: 1, maxAttempts: 3 });
  expect(lasting(stream.events).map((each) => each.event)).toEqual(['completed']);
  expect(await countOf(id, 'atm')).toBe(1);
});

test('while only older workers live jobs are put off, spaced out and taken once each; other jobs go on meanwhile', async () => {
  const { newer, older, countOf, dueOf, givenBack } = await twoReleases({ WORKER_RATE_MAX: '100' });
  const ids: string[] = [];
  for (let n = 0; n < 10; n++) ids.push(String((await submitJson(newer, '/api/tell', LOUD)).body['jobId']));
  await older.startWorker();
  for (const id of ids) await givenBack(id, 1);
  const { body } = await submitJson(older, '/api/tell', { text: 'b' });
  expect((await (await older.watch(body, ANA)).until(isEnd)).event).toBe('completed');
  expect(await Promise.all(ids.map((id) => countOf(id, 'ats')))).toEqual(ids.map(() => 1));
  const due = (await Promise.all(ids.map(async (id) => Number(await dueOf(id)) / 0x1000))).toSorted((a, b) => a - b);
  const spaces = due.slice(1).map((at, n) => at - due[n]!);
  for (const space of spaces) expect(space).toBeGreaterThan(30); // ms; of the limiter's starts, a hundred in a second, every fourth
  for (const id of ids) expect(await countOf(id, 'delay')).toBeGreaterThan(4000);
});

test('a job that waits for a busy newer worker is given back three times for a second, then put off for longer', async () => {
  const { newer, older, countOf, givenBack } = await twoReleases();
  await pretend(newer.prefix, { tell: 2 });
  await older.startWorker();
  const id = String((await submitJson(newer, '/api/tell', LOUD)).body['jobId']);
  const delays: number[] = [];
  for (let n = 1; n <= 5; n++) {
    await givenBack(id, n);
    delays.push(Math.round((await countOf(id, 'delay')) / 1000));
    await endPauses(newer.prefix);
  }
  expect(delays).toEqual([1, 1, 1, 5, 5]);
});

test('a job that was only given back has not begun: its time to begin still holds', async () => {
  const { newer, older, givenBack } = await twoReleases();
  await older.startWorker();
  const headers = { 'content-type': 'application/json', 'start-within': '300s', ...ANA };
  const response = await fetch(`${newer.url}/api/tell`, { method: 'POST', headers, body: JSON.stringify(LOUD) });
  const { jobId } = (await response.json()) as { jobId: string };
  await givenBack(jobId, 1);
  expect(await newer.get(`/api/jobs/${jobId}`, ANA)).not.toHaveProperty('startedAt');
  await endPauses(newer.prefix);
  await givenBack(jobId, 2);
  await endTime(newer.prefix, jobId);
  await expect.poll(async () => (await newer.get(`/api/jobs/${jobId}`, ANA))['status']).toBe('cancelled');
});

test('a job of an older release is upgraded by the steps of its kind, and is kept as it was', async () => {
  const { newer, older, dataOf } = await twoReleases();
  await newer.startWorker();
  const { body } = await submitJson(older, '/api/tell', { text: 'a', tone: 'kind' });
  const { data } = await (await older.watch(body, ANA)).until(isEnd);
  expect(data['result']).toEqual({ input: { text: 'a', tones: ['kind'] }, by: 'newer' });
  expect(await dataOf(String(body['jobId']))).not.toHaveProperty('v');
});

test('what a job leads to is of the release that took it: an older worker drops no field of it, a newer one upgrades it', async () => {
  const { newer, older, dataOf, givenBack, ended } = await twoReleases();
  await older.startWorker();
  const { body } = await submitJson(newer, '/api/lead', { text: 'a', thenInput: { tones: ['kind'], loud: true } });
  await givenBack(String(body['jobId']), 1);
  await newer.startWorker();
  await ended(String(body['jobId']));
  const end = await (await newer.watch(body, ANA)).until(isEnd);
  const childId = String(end.data['result'].child.jobId);
  expect(await dataOf(childId)).toMatchObject({ v: 2, input: { text: 'A', tones: ['kind'], loud: true } });
  await ended(childId);
  const child = await (await newer.watch(end.data['result'].child, ANA)).until(isEnd);
  expect(child.data['result']).toEqual({ input: { text: 'A', tones: ['kind'], loud: true }, by: 'newer' });
});

test('a parent of an older release: the newer worker makes its child of the newer version', async () => {
  const { newer, older, dataOf } = await twoReleases();
  await newer.startWorker();
  const { body } = await submitJson(older, '/api/lead', { text: 'a', thenInput: { tone: 'kind' } });
  const end = await (await newer.watch(body, ANA)).until(isEnd);
  const { child } = end.data['result'];
  expect(await dataOf(child.jobId)).toMatchObject({ v: 2, input: { text: 'A', tones: ['kind'] } });
  expect((await (await newer.watch(child, ANA)).until(isEnd)).data['result']).toEqual({
    input: { text: 'A', tones: ['kind'] },
    by: 'newer',
  });
});

test('an input that can not be parsed fails at once, and says which field it is', async () => {
  const stack = await startStack({}, release('older'));
  const { queue } = await openQueue(stack.prefix);
  const job = { kind: 'tell', owner: 'ana', tenant: tenantOf('ana', undefined), requestId: 'r', input: { text: 7 } };
  const added = await queue.add(job);
  if (added.type !== 'added') throw new Error(added.type);
  await stack.startWorker();
  await expect.poll(async () => (await stack.get(`/api/jobs/${added.id}`, ANA))['status']).toBe('failed');
  const { attempt, error } = await stack.get(`/api/jobs/${added.id}`, ANA);
  expect([attempt, error.code, error.retryable]).toEqual([1, 'invalid_input', false]);
  expect(error.detail).toContain('#/text');
});

test('a worker that says nothing of versions knows the first; one that knows more knows the older ones, too', () => {
  const kinds = {
    tell: { available: true, provider: 'teller', answers: 'a' },
    lead: { available: true, provider: 'teller', answers: 'a' },
  } as const;
  const worker = (live: boolean, inputVersions?: Record<string, number>): KnownWorker => {
    return { name: 'w', version: '1', concurrency: 1, kinds, inputVersions, live };
  };
  const who = (stored: { v?: number; next?: string; nextV?: number }, ...workers: KnownWorker[]) =>
    doersOf('lead', stored, {}, workers).who;
  expect(who({}, worker(true))).toBe('live');
  expect(who({ v: 2 }, worker(true))).toBe('unfit');
  expect(who({ v: 2 }, worker(true), worker(false, { lead: 2 }))).toBe('lately');
  expect(who({ v: 2 }, worker(true), worker(true, { lead: 3 }))).toBe('live');
  expect(who({ next: 'tell', nextV: 2 }, worker(true, { lead: 3 }))).toBe('unfit');
  expect(who({ next: 'tell', nextV: 2 }, worker(true, { tell: 2 }))).toBe('live');
  expect(doersOf('other', {}, {}, [worker(true), worker(false)])).toEqual({ who: 'nobody', workers: 1 });
});

test('a request that is sent again to an API of another release is the same job, and another input under its key is still refused', async () => {
  const { newer, older } = await twoReleases();
  const send = async (stack: typeof newer, key: string, input: object, path = '/api/tell') => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': key, ...ANA };
    const response = await fetch(stack.url + path, { method: 'POST', headers, body: JSON.stringify(input) });
    return { status: response.status, jobId: ((await response.json()) as Record<string, unknown>)['jobId'] };
  };
  const first = await send(older, 'a', { text: 'a', tone: 'kind' });
  expect(await send(newer, 'a', { text: 'a', tones: ['kind'] })).toEqual({ status: 202, jobId: first.jobId });
  expect(await send(newer, 'a', { text: 'a' })).toMatchObject({ status: 422 });
  const parent = await send(older, 'b', { text: 'a', thenInput: { tone: 'kind' } }, '/api/lead');
  expect(await send(newer, 'b', { text: 'a', thenInput: { tones: ['kind'] } }, '/api/lead')).toEqual({ status: 202, jobId: parent.jobId });
  expect(await send(newer, 'b', { text: 'a', thenInput: { tones: ['cold'] } }, '/api/lead')).toMatchObject({ status: 422 });

  const next = await send(newer, 'c', LOUD);
  expect(await send(older, 'c', { text: 'a', tone: 'kind' })).toEqual({ status: 202, jobId: next.jobId }); // it can't tell, and buys nothing twice
  expect(await send(newer, 'c', { text: 'b' })).toMatchObject({ status: 422 });
});
