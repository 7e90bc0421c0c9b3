/** What operators do is written down: by today's routes too, without contents, and for all processes. */
import { expect, test } from 'vitest';
import { ACTIONS_KEPT, ActionLog } from '../../src/jobs/action-log.ts';
import { openQueue } from '../support/queue.ts';
import { startOpenAI } from '../support/openai.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

const TOKEN = 'the-operator-knows-it';
const OPERATOR = { authorization: `Bearer ${TOKEN}` };

test('a retry of failed jobs is in the log before it begins and when it is done, on every process', async () => {
  const openai = await startOpenAI((pen) => pen.fail(400, {}));
  const stack = await startStack({ ADMIN_TOKEN: TOKEN, JOB_ATTEMPTS: '1', ...openai.env });
  await stack.startWorker();
  const job = await stack.submit({ content: 'A secret of Ana.' }, { 'user-id': 'ana' });
  await (await stack.watch(job)).until(isEnd);
  const asked = await fetch(`${stack.url}/admin/failed-jobs/retry?user=ana`, {
    method: 'POST',
    headers: { ...OPERATOR, 'x-request-id': 'request-of-the-operator' },
  });
  expect(asked.status).toBe(200);

  const other = await stack.startApi();
  const answer = await (await fetch(`${other.url}/admin/actions`, { headers: OPERATOR })).text();
  expect(JSON.parse(answer)).toEqual({
    actions: [
      expect.objectContaining({ what: 'retry failed jobs', scope: 'user ana', result: 'done', counts: { retried: 1 } }),
      expect.objectContaining({ result: 'begun', counts: { jobs: 1 }, requestId: 'request-of-the-operator', by: expect.any(String) }),
    ],
  });
  expect(answer).not.toContain('secret');
});

test('nobody reads it without the token', async () => {
  const stack = await startStack({ ADMIN_TOKEN: TOKEN });
  expect((await fetch(`${stack.url}/admin/actions`)).status).toBe(401);
  expect((await fetch(`${stack.url}/admin/actions?limit=none`, { headers: OPERATOR })).status).toBe(400);
});

test('the last thousand are kept, newest first; entries of others, and a key of another type, harm nothing', async () => {
  const { store, redis, keys } = await openQueue();
  const log = new ActionLog(store);
  await redis.set(keys.admin.actions, 'x');
  await log.write({ by: 'ana', what: 'pause', scope: 'all' }, 'paused');
  await redis.xadd(keys.admin.actions, '*', 'a', 'b');
  await redis.xadd(keys.admin.actions, '*', 'entry', 'none', 'result', 'x', 'counts', '');
  for (let n = 0; n < ACTIONS_KEPT; n++) await log.write({ by: 'ben', what: 'resume', scope: 'all' }, String(n));
  const kept = await log.read();
  expect(kept).toHaveLength(ACTIONS_KEPT);
  expect([kept[0]?.result, kept.at(-1)?.result]).toEqual([String(ACTIONS_KEPT - 1), '0']);
  expect((await log.read(2)).map(({ result }) => result)).toEqual([String(ACTIONS_KEPT - 1), String(ACTIONS_KEPT - 2)]);
});
