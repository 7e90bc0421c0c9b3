/** What two operators change at once, or through an API that is killed meanwhile, ends in one state, and the list of actions tells which. */
import { expect, test } from 'vitest';
import { keysUnder } from '../../src/store/keys.ts';
import { openRedis } from '../support/keys.ts';
import { actionsOf, ANA, BOB, operate, OPERATORS } from '../support/operators.ts';
import { type Process, type Serving, type Stack, startStack as startProcesses } from '../support/stack.ts';
import { startStack } from '../support/stack-in-process.ts';

const submitAll = (stack: Pick<Stack<Serving>, 'submit'>, user: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => stack.submit({ content: 'Notes.' }, { 'user-id': user })));

/** Finds the jobs of a user for an action; returns the id that starts it. */
const reckon = async (url: string, what: string, user: string) =>
  (await operate(url, `POST /admin/jobs/${what}`, { dryRun: true, user })).body['runId'] as string;

const workersOf = async (url: string) => (await operate(url, 'GET /admin/workers')).body['workers'] as Record<string, any>[];

test('two operators at once set a user, quiet a worker, cancel and erase: the last that the list tells is what holds', async () => {
  const stack = await startStack(OPERATORS);
  const { url: other } = await stack.startApi();
  await stack.startWorker();
  await operate(stack.url, 'POST /admin/pause', { scope: 'all' });
  const lastOf = async (part: string) => (await actionsOf(stack)).findLast((text) => text.includes(part)) ?? '';

  await Promise.all([
    operate(stack.url, 'PUT /admin/users/u', { blocked: true, reason: 'A script.' }),
    operate(other, 'PUT /admin/users/u', { maxJobs: 3 }, BOB),
    operate(stack.url, 'PUT /admin/users/u', { weight: 2 }, BOB),
  ]);
  const { by, blocked, weight, maxJobs } = (await operate(other, 'GET /admin/users/u')).body;
  const terms = Object.entries({ blocked, weight, maxJobs }).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  expect(await lastOf('set user')).toBe(`${by}: set user user u, ${terms.join(', ')}: set`);
  expect((await actionsOf(stack)).filter((text) => text.includes('set user'))).toHaveLength(3);

  const [worker] = await workersOf(stack.url);
  const [quiet, unquiet] = await Promise.all([
    operate(stack.url, `POST /admin/workers/${worker?.['id']}/quiet`, {}),
    operate(other, `POST /admin/workers/${worker?.['id']}/unquiet`, {}, BOB),
  ]);
  expect([quiet.body['result'], unquiet.body['result']]).toEqual(['quiet', expect.toBeOneOf(['resumed', 'not quiet'])]);
  const holds = (await lastOf('quiet worker')).startsWith('ana: quiet');
  expect(holds).toBe(unquiet.body['result'] === 'not quiet');
  await expect.poll(async () => (await workersOf(other))[0]?.['quiet'] as boolean).toBe(holds);

  for (const what of ['cancel', 'purge']) {
    const jobs = await submitAll(stack, what, 3);
    const runId = await reckon(stack.url, what, what);
    const start = (url: string, token: string) => operate(url, `POST /admin/jobs/${what}`, { runId }, token);
    const both = await Promise.all([start(stack.url, ANA), start(other, BOB)]);
    expect(both.filter(({ body }) => body['result'] === 'started')).toHaveLength(1);
    await expect
      .poll(async () => (await operate(other, `GET /admin/runs/${runId}`)).body)
      .toMatchObject({ state: 'done', done: 3, skipped: 0 });
    const left = await Promise.all(jobs.map((job) => stack.get(`/api/jobs/${job['jobId']}`, { 'user-id': what })));
    expect(left.map(({ status }) => status as unknown)).toEqual(jobs.map(() => (what === 'cancel' ? 'cancelled' : 404)));
    expect((await actionsOf(stack)).filter((text) => text.endsWith(`${what} jobs user ${what}: started`))).toHaveLength(1);
  }

  // One cancels what the other erases.
  await submitAll(stack, 'u2', 3);
  const runs = await Promise.all(['cancel', 'purge'].map(async (what) => [what, await reckon(stack.url, what, 'u2')] as const));
  await Promise.all(
    runs.map(([what, runId], n) => operate([stack.url, other][n] ?? '', `POST /admin/jobs/${what}`, { runId, rate: 1000 })),
  );
  for (const [, runId] of runs) {
    await expect.poll(async () => (await operate(other, `GET /admin/runs/${runId}`)).body).toMatchObject({ state: 'done', processed: 3 });
  }
  expect((await stack.get('/api/jobs', { 'user-id': 'u2' }))['jobs']).toEqual([]);
  expect((await actionsOf(stack)).filter((text) => /(cancel|purge) jobs user u2: done$/.test(text))).toHaveLength(2);
});

test('an API that is killed while it cancels, another while it erases, and a quiet that was not answered: another API ends all of it', async () => {
  const stack = await startProcesses(OPERATORS);
  const [{ url }, second, worker] = await Promise.all([stack.startApi(), stack.startApi(), stack.startWorker()]);
  await operate(url, 'POST /admin/pause', { scope: 'all' });
  const redis = openRedis();
  const { admin } = keysUnder(stack.prefix);
  const get = async (path: string, headers = {}) => (await (await fetch(url + path, { headers })).json()) as Record<string, any>;
  const jobs = [...(await submitAll(stack, 'cancel', 6)), ...(await submitAll(stack, 'purge', 6))];

  const killIn = async (api: Process, what: string, meanwhile = async () => {}) => {
    const runId = await reckon(api.url, what, what);
    await operate(api.url, `POST /admin/jobs/${what}`, { runId, rate: 1 }); // slow enough to be killed in the middle
    const processed = async () => Number(await redis.hget(admin.bulkAction(runId), 'processed'));
    await expect.poll(processed).toBeGreaterThan(0);
    await meanwhile();
    await api.stop('SIGKILL');
    await redis.hset(admin.bulkAction(runId), 'rate', 1000);
    return runId;
  };
  // A worker that stands still does not say that it holds: the answer is still to come when the API is killed.
  const [{ id } = { id: '' }] = (await workersOf(url)) as { id: string }[];
  let asked: Promise<unknown>[] = [];
  const askSecond = async () => {
    process.kill(worker.pid, 'SIGSTOP');
    const ask = (route: string, body: object) => operate(second.url, route, body).catch(() => 'no answer');
    asked = [ask(`POST /admin/workers/${id}/quiet`, {}), ask('PUT /admin/users/purge', { blocked: true, cancelRunning: true })];
    await expect.poll(() => redis.hexists(admin.quiet, id)).toBe(1);
  };
  const runs = [await killIn(stack.api, 'cancel'), await killIn(second, 'purge', askSecond)];
  process.kill(worker.pid, 'SIGCONT');
  await Promise.all(asked);
  for (const runId of runs) await redis.zadd(admin.bulk, 'XX', 0, runId); // the time of who had it is over
  for (const [n, runId] of runs.entries()) {
    expect((await operate(url, `POST /admin/jobs/${['cancel', 'purge'][n]}`, { runId }, BOB)).body['result']).toBeOneOf([
      'running',
      'done',
    ]);
    const read = async () => (await operate(url, `GET /admin/runs/${runId}`)).body;
    await expect.poll(read).toMatchObject({ state: 'done', count: 6, processed: 6, done: 6, skipped: 0 });
  }
  const left = await Promise.all(jobs.map((job, n) => get(`/api/jobs/${job['jobId']}`, { 'user-id': n < 6 ? 'cancel' : 'purge' })));
  expect(left.map(({ status }) => status as unknown)).toEqual(jobs.map((_, n) => (n < 6 ? 'cancelled' : 404)));
  await expect.poll(async () => (await workersOf(url))[0]).toMatchObject({ quiet: true });
  const told = await actionsOf({ get });
  const ofRuns = ['cancel', 'purge'].flatMap((what) => ['started', 'done'].map((end) => `ana: ${what} jobs user ${what}: ${end}`));
  expect(told).toEqual(expect.arrayContaining([...ofRuns, `ana: quiet worker ${id}: quiet`]));
  expect(told.filter((text) => ofRuns.includes(text)).toSorted()).toEqual(ofRuns.toSorted());
  const { blocked } = (await operate(url, 'GET /admin/users/purge')).body;
  expect(told.includes('ana: set user user purge, blocked true: set')).toBe(blocked);
});
