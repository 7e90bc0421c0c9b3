/** What operators see of jobs: whoever's they are, by whom they failed, and nothing that a user or a model wrote. */
import { expect, test } from 'vitest';
import { card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { isEnd } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const OPERATOR = { authorization: 'Bearer the-operator-knows-it' };
const ANA = { 'user-id': 'ana' };
const SECRET = 'A secret of Ana';

const find = async ({ url }: Pick<Stack, 'url'>, query: string) => {
  const text = await (await fetch(`${url}/admin/jobs?${query}`, { headers: OPERATOR })).text();
  expect(text).not.toContain(SECRET);
  return JSON.parse(text) as { jobs: Record<string, any>[]; more: boolean; nextCursor?: string };
};

/** A vendor that writes a card with a secret, and then refuses; or waits where the notes say so. */
async function startRefusing() {
  const held = latch();
  const openai = await startOpenAI(async (pen, call) => {
    if (JSON.stringify(call).includes('Wait.')) await held.wait;
    const { open, cards } = pieces([{ ...card(1), back: SECRET }]);
    pen.text(open + cards.join(''));
    pen.finish('content_filter');
  });
  return { ...openai, held };
}

test('failed jobs are found by what they failed with and by whom, and running ones by their worker', async () => {
  const { env, held } = await startRefusing();
  const stack = await startStack({ ADMIN_TOKEN: 'the-operator-knows-it', WORKER_RATE_MAX: '1000', ...env });
  const { jobId: waiting } = await stack.submit({ content: `${SECRET}. Wait.` }, { 'user-id': 'bob' });
  const [before] = (await find(stack, 'state=waiting')).jobs;
  expect(before).toMatchObject({ jobId: waiting, state: 'waiting', userId: 'bob', position: 1, waitMs: expect.any(Number) });

  await stack.startWorker();
  const failed: string[] = [];
  for (let n = 0; n < 3; n++) {
    const job = await stack.submit({ content: `${SECRET}. ${n}` }, ANA);
    await (await stack.watch(job)).until(isEnd);
    failed.unshift(job['jobId'] as string);
  }
  const first = await find(stack, 'state=failed&limit=2&since=1h');
  expect(first).toMatchObject({ more: true, nextCursor: expect.stringMatching(/^failed~/) });
  const rest = await find(stack, `state=failed&limit=2&since=1h&cursor=${first.nextCursor}`);
  expect([...first.jobs, ...rest.jobs].map(({ jobId }) => jobId)).toEqual(failed); // the newest first
  const [one] = first.jobs;
  expect(one).toMatchObject({
    state: 'failed',
    userId: 'ana',
    attempt: 1,
    provider: 'openai',
    model: expect.any(String),
    worker: expect.any(String),
  });
  expect(one).toMatchObject({ error: { code: 'provider_refused' }, since: one?.['finishedAt'], usage: expect.any(Object) });
  for (const query of [
    'code=provider_refused',
    'provider=openai&user=ana',
    'kind=generate-flashcards&user=ana&code=provider_refused&until=2099-01-01T00:00:00Z',
  ])
    expect([query, (await find(stack, query)).jobs.map(({ jobId }) => jobId)]).toEqual([query, failed]);
  for (const query of [
    'code=job_timeout',
    'provider=offline',
    'kind=generate-lesson',
    'user=nobody',
    'until=1d',
    'since=2099-01-01T00:00:00Z',
  ])
    expect([query, (await find(stack, query)).jobs.filter(({ jobId }) => failed.includes(jobId as string))]).toEqual([query, []]);

  const [running] = (await find(stack, 'state=active')).jobs;
  expect(running).toMatchObject({ jobId: waiting, worker: one?.['worker'], startedAt: running?.['since'], waitMs: expect.any(Number) });
  held.open();

  // A client sees nothing of whom a job has failed by, and a retry forgets it.
  const client = await stack.get(`/api/jobs/${failed[0]}`, ANA);
  expect(client).not.toHaveProperty('provider');
});

test('what can not be a filter is refused with the field', async () => {
  const stack = await startStack({ ADMIN_TOKEN: 'the-operator-knows-it' });
  for (const query of ['state=gone', 'code=none', 'since=yesterday', 'limit=501', 'cursor=x', 'cursor=completed~&state=failed']) {
    const answer = await fetch(`${stack.url}/admin/jobs?${query}`, { headers: OPERATOR });
    expect([query, answer.status, await answer.json()]).toEqual([query, 400, expect.objectContaining({ code: 'invalid_input' })]);
  }
});
