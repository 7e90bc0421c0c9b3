/** All that operators see and do works on a Redis Cluster as on a single server. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ownCluster } from '../support/cluster.ts';
import { answerWith, startOpenAI } from '../support/openai.ts';
import { actionsOf, operate, OPERATORS } from '../support/operators.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
const USER = { 'user-id': 'user' };

test.runIf(hasRedis)('each route of operators does on a cluster of three masters what it does on one server', async () => {
  let isMended = false;
  const openai = await startOpenAI((pen, call, n) => (isMended ? answerWith()(pen, call, n) : pen.fail(400, {})));
  const cluster = await ownCluster();
  const stack = await startStack({ ...OPERATORS, REDIS_URL: cluster.url, JOB_ATTEMPTS: '1', ...openai.env });
  await stack.startWorker();
  const ask = async (route: string, body?: object) => {
    const answer = await operate(stack.url, route, body);
    expect([route, answer.status]).toEqual([route, expect.toBeOneOf([200, 202])]);
    return answer.body;
  };
  const run = async (what: string, filter: object) => {
    const { runId } = await ask(`POST /admin/jobs/${what}`, { dryRun: true, ...filter });
    await ask(`POST /admin/jobs/${what}`, { runId });
    await expect.poll(() => ask(`GET /admin/runs/${runId}`)).toMatchObject({ state: 'done' });
    return ask(`GET /admin/runs/${runId}`);
  };
  const ended = async (job: Record<string, unknown>) => (await (await stack.watch(job)).until(isEnd)).event;

  const [one, other] = [await stack.submit({ content: 'One.', count: 1 }, USER), await stack.submit({ content: 'Two.', count: 1 }, USER)];
  expect([await ended(one), await ended(other)]).toEqual(['failed', 'failed']);
  const errors = async () => (await ask('GET /admin/errors'))['errors'] as unknown[];
  await expect.poll(errors).toMatchObject([{ code: 'provider_rejected', lastHour: { failed: 2 }, jobId: expect.any(String) }]);
  expect((await ask('GET /admin/jobs?code=provider_rejected'))['jobs']).toHaveLength(2);
  expect(await ask(`GET /admin/jobs/${one['jobId']}?input=1`)).toMatchObject({ state: 'failed', input: { content: 'One.' } });
  expect((await ask('GET /admin/dead-letters'))['letters']).toHaveLength(2);

  isMended = true;
  await ask(`POST /admin/dead-letters/job.${one['jobId']}/replay`);
  expect(await ended(one)).toBe('completed');
  expect(await run('retry', { code: 'provider_rejected' })).toMatchObject({ count: 1, done: 1 });
  expect(await ended(other)).toBe('completed');

  expect(await ask('POST /admin/pause', { scope: 'kind', name: 'generate-flashcards' })).toMatchObject({
    workers: { live: 1, holding: 1 },
  });
  const waiting = await stack.submit({ content: 'Three.' }, USER);
  expect(await run('cancel', { user: 'user' })).toMatchObject({ count: 1, done: 1 });
  expect(await ended(waiting)).toBe('cancelled');
  expect(await ask('POST /admin/resume', { scope: 'kind', name: 'generate-flashcards' })).toMatchObject({ result: 'resumed', pauses: [] });

  const [worker] = (await ask('GET /admin/workers'))['workers'] as { id: string }[];
  expect(await ask(`POST /admin/workers/${worker?.id}/quiet`, {})).toMatchObject({ result: 'quiet', workers: { live: 1, holding: 1 } });
  expect(await ask(`POST /admin/workers/${worker?.id}/unquiet`, {})).toEqual({ result: 'resumed' });
  await ask('PUT /admin/users/user', { blocked: true, cancelRunning: true });
  expect(await ask('GET /admin/users/user')).toMatchObject({ blocked: true, openJobs: 0 });
  expect(await run('purge', { user: 'user' })).toMatchObject({ count: 3, done: 3 });
  expect(await errors()).toMatchObject([{ lastHour: { failed: 2 } }]);
  expect((await errors())[0]).not.toHaveProperty('jobId');
  expect((await actionsOf(stack)).length).toBeGreaterThan(10);
});
