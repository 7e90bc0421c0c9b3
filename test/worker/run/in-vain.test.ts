/** What costs no attempt has cost no money: an attempt that was paid for and left nothing behind counts, whatever ended it. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ProblemError } from '../../../src/job/problem.ts';
import { defineKind } from '../../../src/kinds/kind.ts';
import type { Usage } from '../../../src/job/snapshot.ts';
import { type Context, implement } from '../../../worker/handler.ts';
import { decide, PaidInVainError } from '../../../worker/run/retry-policy.ts';
import { defineVendor } from '../../../worker/vendors/vendor.ts';
import { plainKind } from '../../support/plain-kind.ts';
import { isEnd } from '../../support/sse.ts';
import { startStack } from '../../support/stack-in-process.ts';
import { submitJson } from '../../support/submit.ts';

const author = { provider: 'payee' };
const kind = defineKind({
  ...plainKind,
  name: 'pay-often',
  path: '/api/pay-often',
  capability: 'structuredAnswer',
  summary: 'Pays for work.',
  input: z.object({}),
  result: z.object({}),
  lists: ['things'],
});

const vendor = defineVendor({
  name: 'payee',
  keys: [],
  variables: {},
  offers: () => ({ structuredAnswer: { available: true, work: async () => 'whole', author, kinds: [kind.name], answers: 'payee' } }),
});

/** How often calls were paid for, and how the job ended, whose attempts each do this and are then told to come back in a moment. */
async function run(attempt: (context: Context<typeof kind>, pay: (used?: Usage) => Promise<void>) => Promise<void>, until = Infinity) {
  let paid = 0;
  let runs = 0;
  const implementation = implement(kind, async (_, context) => {
    if (++runs > until) return {};
    await attempt(context, async (used = { inputTokens: 5, outputTokens: 5 }) => {
      const call = await context.report.startCall({ inputTokens: 5, outputTokens: 0 }, author);
      paid++;
      await call.settle(used);
    });
    throw new ProblemError('provider_rate_limited', 'Come back.', { retryAfterMs: 1 });
  });
  const stack = await startStack(
    { AI_PROVIDER: 'payee', JOB_ATTEMPTS: '3' },
    { kinds: [kind], implementations: [implementation], vendors: [vendor] },
  );
  await stack.startWorker();
  const { body } = await submitJson(stack, kind.path, {});
  const stream = await stack.watch(body);
  const { event, data } = await stream.until(isEnd);
  return {
    paid,
    runs,
    event,
    code: data['error']?.code,
    attempts: stream.events.filter((each) => each.event === 'attempt').map((each) => each.data['attempt']),
  };
}

test('an attempt that has paid and kept nothing counts, though the vendor said when to come back', async () => {
  expect(await run((_, pay) => pay())).toEqual({ paid: 3, runs: 3, event: 'failed', code: 'provider_rate_limited', attempts: [2, 3] });
});

test('one that has kept what it paid for is put off at no cost, and so is one that was not billed', async () => {
  const kept = await run(async ({ item }, pay) => {
    await pay();
    await item('things', 1, 10);
  }, 5);
  expect(kept).toMatchObject({ paid: 5, event: 'completed', attempts: [1, 1, 1, 1, 1] });
  const during = await run(async ({ report, keepField }) => {
    const call = await report.startCall({ inputTokens: 5, outputTokens: 0 }, author);
    keepField('title', 'a'); // comes while the answer is still being written
    await call.settle({ inputTokens: 5, outputTokens: 5 });
  }, 5);
  expect(during).toMatchObject({ event: 'completed', attempts: [1, 1, 1, 1, 1] });
  const free = await run((_, pay) => pay({ inputTokens: 0, outputTokens: 0 }), 5);
  expect(free).toMatchObject({ event: 'completed', attempts: [1, 1, 1, 1, 1] });
});

test('what was kept before the call does not make up for it', async () => {
  const { paid, event } = await run(async ({ keepField }, pay) => {
    keepField('title', 'a');
    await pay();
  });
  expect([paid, event]).toEqual([3, 'failed']);
});

test('the policy: what would be paid for again costs an attempt; what can not get better fails as ever', () => {
  const facts = { attemptsMade: 1, putOffs: 0, backoffMs: 10, doers: 'nobody', givenBack: 0 } as const;
  const known = new ProblemError('provider_rate_limited', '', { retryAfterMs: 5 });
  expect(decide(known, facts).type).toBe('put-off');
  expect(decide(new PaidInVainError(known), facts)).toMatchObject({ type: 'retry', problem: known });
  const final = new ProblemError('provider_rejected', '');
  expect(decide(new PaidInVainError(final), facts)).toMatchObject({ type: 'fail', problem: final });
});
