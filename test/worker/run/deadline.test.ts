/** Servers that take their time and say that they work: they are waited for, as long as that is allowed, and then no second time. */
import { expect, test, vi } from 'vitest';
import { Deadline } from '../../../worker/run/attempt-deadline.ts';
import { ask } from '../../support/ask.ts';
import { holdTime } from '../../support/hold-time.ts';
import { type Answer, answerWith, type Call, card, endless, type Pen, startOpenAI } from '../../support/openai.ts';
import { isEnd } from '../../support/sse.ts';
import { startStack } from '../../support/stack-in-process.ts';
import { pass } from '../../support/waits.ts';

const SIGNS: [name: string, sign: (pen: Pen) => void][] = [
  ['comments', (pen) => pen.raw(': working\n\n')],
  ['chunks with an empty text', (pen) => pen.text('')],
  ['chunks without choices', (pen) => pen.raw('data: {"choices":[]}\n\n')],
  ['thinking', (pen) => pen.thought('hm')],
  ['thinking between marks', (pen) => pen.text('hm')],
];

/** Gives so many signs of life, one each 50 ms, and then answers. */
const after =
  (signs: number, sign: (pen: Pen) => void): Answer =>
  async (pen, call, n) => {
    for (let count = 0; count < signs; count++) {
      sign(pen);
      await pass(50);
    }
    return answerWith()(pen, call, n);
  };

test('signs of life keep an answer alive that brings nothing else for longer than the idle time', async () => {
  const keeping = SIGNS.slice(0, 4).map(async ([name, sign]) => {
    const { code, items, alive } = await ask(after(110, sign), { idleTimeoutMs: 5000 });
    expect([name, code, items]).toEqual([name, undefined, [card(1), card(2)]]);
    expect(alive, name).toBeGreaterThanOrEqual(110);
  });
  await Promise.all(keeping);
});

/** Says that it works, and nothing else. */
const forEver =
  (sign: (pen: Pen) => void, open = ''): Answer =>
  (pen: Pen, call: Call) => {
    pen.text(open);
    return endless(call, () => sign(pen), 10);
  };

test.each(SIGNS)('%s without an end: a failure that is final, and the connection is closed', async (name, sign) => {
  const asked = await ask(forEver(sign, name === 'thinking between marks' ? '<think>' : ''), {
    idleTimeoutMs: 5000,
    thinkingMaxMs: 200,
    maxTokens: 1_000_000,
  });
  expect(asked.code).toBe('provider_timeout');
  expect(asked.error).toMatchObject({ extras: { final: true } });
  await asked.calls[0]?.dropped;
});

test('past OPENAI_THINKING_MAX_MS the job fails once, without a retry', async () => {
  const openai = await startOpenAI(forEver((pen) => pen.raw(': working\n\n')));
  const stack = await startStack({ ...openai.env, OPENAI_THINKING_MAX_MS: '300', JOB_ATTEMPTS: '3', JOB_BACKOFF_MS: '1' });
  await stack.startWorker();
  const end = await (await stack.watch(await stack.submit({ content: 'Notes.' }))).until(isEnd);
  expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'provider_timeout' } } });
  expect(openai.calls).toHaveLength(1);
});

test('a JOB_TIMEOUT_MS that is set wins: signs of life do not move it', async () => {
  const openai = await startOpenAI(forEver((pen) => pen.raw(': working\n\n')));
  const stack = await startStack({ ...openai.env, JOB_TIMEOUT_MS: '400', JOB_ATTEMPTS: '1' });
  await stack.startWorker();
  const end = await (await stack.watch(await stack.submit({ content: 'Notes.' }))).until(isEnd);
  expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'job_timeout' } } });
});

/** A task of which only its end is looked at. */
function toStop() {
  const stop = vi.fn<(reason: unknown) => void>();
  return { task: { signal: new AbortController().signal, stop }, stop };
}

test('a deadline that is moved ends so long after that, and one that is lifted never', () => {
  holdTime();
  const [moved, lifted] = [toStop(), toStop()];
  const deadline = new Deadline(moved.task, 300, () => 0);
  const other = new Deadline(lifted.task, 300, () => 0);
  vi.advanceTimersByTime(150);
  deadline.move();
  other.move();
  other.lift();
  vi.advanceTimersByTime(299);
  expect([deadline.isOver(), moved.stop.mock.calls]).toEqual([false, []]);
  vi.advanceTimersByTime(1);
  expect([deadline.isOver(), moved.stop.mock.calls]).toEqual([true, [[expect.objectContaining({ name: 'TimeoutError' })]]]);
  vi.advanceTimersByTime(1000);
  expect([other.isOver(), lifted.stop.mock.calls]).toEqual([false, []]);
});

test("Redis' trouble does not count, also where the deadline was moved", () => {
  holdTime();
  let troubleMs = 0;
  const { task, stop } = toStop();
  const deadline = new Deadline(task, 30, () => troubleMs);
  deadline.move();
  troubleMs = 200;
  vi.advanceTimersByTime(229);
  expect([deadline.isOver(), stop.mock.calls]).toEqual([false, []]);
  vi.advanceTimersByTime(1);
  expect(deadline.isOver()).toBe(true);
  expect(stop).toHaveBeenCalledOnce();
});
