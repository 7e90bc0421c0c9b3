/** What becomes of a job after an error. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProblemError, problems, type ProblemCode } from '../../../src/job/problem.ts';
import { CircuitOpenError } from '../../../worker/run/circuit-breaker.ts';
import { LockLostError } from '../../../worker/run/journal.ts';
import {
  backoff,
  decide,
  type Facts,
  HandBack,
  NewerInputError,
  NotAssignedError,
  toProblemError,
} from '../../../worker/run/retry-policy.ts';

const facts = (putOffs: number, backoffMs: number, doers: Facts['doers'] = 'nobody', givenBack = 0): Facts => {
  return { attemptsMade: 1, putOffs, backoffMs, doers, givenBack };
};

test('every code: what can get better is tried again, the rest gives up, and only a known time puts off', () => {
  for (const code of Object.keys(problems) as ProblemCode[]) {
    const { retryable } = problems[code];
    expect(decide(new ProblemError(code, ''), facts(0, 10)).type).toBe(retryable ? 'retry' : 'fail');
    expect(decide(new ProblemError(code, '', { retryAfterMs: 5 }), facts(0, 10)).type).toBe(retryable ? 'put-off' : 'fail');
  }
  expect(toProblemError(new TypeError('secret'))).toMatchObject({ code: 'internal_error', message: expect.not.stringContaining('secret') });
});

test('a provider that asks to slow down and does not say for how long: no attempt, and pauses that grow', () => {
  const pauseOf = (putOffs: number) => {
    const next = decide(new ProblemError('provider_rate_limited', '', { forNow: true }), facts(putOffs, 1000));
    expect(next).toMatchObject({ type: 'put-off', counts: true });
    return next.type === 'put-off' ? next.afterMs : 0;
  };
  for (const [putOffs, least] of [
    [0, 1000],
    [1, 2000],
    [3, 8000],
    [20, 60_000],
  ] as const) {
    expect(pauseOf(putOffs)).toBeGreaterThanOrEqual(least);
    expect(pauseOf(putOffs)).toBeLessThanOrEqual(least + 1000);
  }
  expect(decide(new ProblemError('provider_rate_limited', '', { forNow: true }), facts(50, 1000)).type).toBe('retry');
});

test('what is final is not tried again, whatever its code; an answer that could not be used is asked for once more only', () => {
  expect(decide(new ProblemError('provider_timeout', '', { final: true, retryAfterMs: 5 }), facts(0, 10)).type).toBe('fail');
  const bad = new ProblemError('provider_bad_answer', '');
  expect(decide(bad, facts(0, 10)).type).toBe('retry');
  expect(decide(bad, { ...facts(0, 10), badBefore: true }).type).toBe('fail');
  expect(decide(new ProblemError('provider_timeout', ''), { ...facts(0, 10), badBefore: true }).type).toBe('retry');
});

test('a job is never put off for ever: not by one wrong date, and not by many', () => {
  const far = new ProblemError('provider_rate_limited', '', { retryAfterMs: 1e12 });
  const next = decide(far, facts(0, 10));
  expect(next.type === 'put-off' && next.afterMs).toBeLessThanOrEqual(3_600_010);
  expect(decide(far, facts(50, 10))).toMatchObject({ type: 'retry', problem: far });
  const held = new CircuitOpenError('provider_unavailable', '', { retryAfterMs: 5 });
  expect(decide(held, facts(1000, 10))).toMatchObject({ type: 'put-off', counts: false }); // nobody was asked: no attempt is spent
  expect(backoff(1, 1000, far)).toBeLessThanOrEqual(3_601_000);
});

test('a time that is over already, or next to it, is no reason to ask again at once: the pause is at least the backoff', () => {
  for (const retryAfterMs of [0, -5000, 1, 999]) {
    const next = decide(new ProblemError('provider_rate_limited', '', { retryAfterMs }), facts(0, 1000));
    expect(next).toMatchObject({ type: 'put-off', counts: true });
    expect(next.type === 'put-off' && next.afterMs).toBeGreaterThanOrEqual(1000);
    expect(next.type === 'put-off' && next.afterMs).toBeLessThanOrEqual(2000);
  }
});

test('the pause lies between nothing and a bound that doubles, up to a minute, after what was asked', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 100_000 }), fc.nat(10_000), (made, base, asked) => {
      const error = new ProblemError('provider_unavailable', '', { retryAfterMs: asked });
      const pause = backoff(made, base, error);
      expect(pause).toBeGreaterThanOrEqual(asked);
      expect(pause).toBeLessThanOrEqual(asked + Math.min(base * 2 ** (made - 1), 60_000));
    }),
  );
});

test("what is not the job's fault costs no attempt", () => {
  expect(decide(new LockLostError('j'), facts(0, 10))).toEqual({ type: 'lost' });
  expect(decide(new HandBack('stopping'), facts(0, 10))).toEqual({ type: 'hand-back' });
});

const SOON = { type: 'give-back', afterMs: 1000, spaced: false };
const LATER = { type: 'give-back', afterMs: 5000, spaced: true };

test('a job whose input is too new is given back three times while a worker that knows it lives, then put off for longer, and never fails', () => {
  const error = new NewerInputError('generate-lesson');
  for (const givenBack of [0, 1, 2]) expect(decide(error, facts(0, 10, 'live', givenBack))).toEqual(SOON);
  for (const givenBack of [3, 1000]) expect(decide(error, facts(0, 10, 'live', givenBack))).toEqual(LATER);
  for (const doers of ['lately', 'unfit', 'nobody'] as const) expect(decide(error, facts(50, 10, doers))).toEqual(LATER);
});

test('a kind that this worker can not do is given back while others can, and fails with the missing variables where none can', () => {
  const error = new NotAssignedError('generate-lesson', { missing: ['OPENAI_API_KEY'] });
  for (const doers of ['live', 'lately'] as const) expect(decide(error, facts(0, 10, doers, 100))).toEqual(SOON);
  expect(decide(error, facts(0, 10, 'unfit'))).toEqual(LATER);
  expect(decide(error, facts(0, 10))).toMatchObject({
    type: 'fail',
    problem: { code: 'provider_not_configured', detail: expect.stringContaining('OPENAI_API_KEY') },
  });
  expect(decide(new NotAssignedError('generate-lesson', { lacking: ['content'] }), facts(0, 10))).toMatchObject({
    type: 'fail',
    problem: { code: 'provider_not_configured', detail: expect.stringContaining('without content') },
  });
});
