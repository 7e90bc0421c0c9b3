/** Shares: what is held is counted exactly, bounded for each holder and for all, and turns go round. */
import { expect, test, vi } from 'vitest';
import { ProblemError } from '../../src/job/problem.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { createShares, type Hold } from '../../src/http/shares.ts';
import { createDice } from '../support/dice.ts';

const [ana, bob, eve] = ['ana', 'bob', 'eve'].map((user) => tenantOf(user, undefined)) as [
  ReturnType<typeof tenantOf>,
  ReturnType<typeof tenantOf>,
  ReturnType<typeof tenantOf>,
];

/** Shares with the same bounds for all that is held. */
function sharesOf(each: number, all: number) {
  const bounds = { each, all };
  return createShares({ bodies: bounds, answers: bounds, streams: bounds, reads: bounds });
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as ProblemError).code;
  }
}

test('one holder has a share and all have a bound; each says so in its own words and with a time to come back', () => {
  const { streams, bodies } = sharesOf(2, 3);
  const [first] = [streams.hold(ana, 1), streams.hold(ana, 1)];
  expect(codeOf(() => streams.hold(ana, 1))).toBe('too_many_open');
  streams.hold(bob, 1);
  expect(codeOf(() => streams.hold(eve, 1))).toBe('server_busy');
  expect(codeOf(() => [bodies.hold(ana, 2), bodies.hold(bob, 2)])).toBe('storage_full');
  expect(streams.figures()).toEqual({ held: 3, holders: 2, waiting: 0 });
  first.release();
  first.release();
  expect(streams.figures()).toEqual({ held: 2, holders: 2, waiting: 0 });
  expect(() => streams.hold(eve, 3)).toThrow(expect.objectContaining({ extras: { retryAfterMs: expect.any(Number) } }));
});

test('whatever is held, changed and released, the count is what is held; what is refused holds nothing', () => {
  const roll = createDice(7);
  const { bodies } = sharesOf(50, 120);
  const open = new Map<Hold, { holder: string; amount: number }>();
  const sum = (holder?: string) =>
    [...open.values()].reduce((all, one) => all + (holder === undefined || one.holder === holder ? one.amount : 0), 0);
  for (let n = 0; n < 5000; n++) {
    const holder = [ana, bob, eve][roll(3)] ?? ana;
    const [held] = [...open.keys()].slice(roll(Math.max(open.size, 1)));
    const amount = roll(40);
    const next = held ? ['hold', 'release', 'set'][roll(3)] : 'hold';
    if (!held || next === 'hold') {
      const fits = sum(holder) + amount <= 50 && sum() + amount <= 120;
      expect(codeOf(() => open.set(bodies.hold(holder, amount), { holder, amount })) === undefined).toBe(fits);
    } else if (next === 'release') {
      held.release();
      open.delete(held);
    } else {
      const own = open.get(held) ?? { holder, amount: 0 };
      const more = amount - own.amount;
      const fits = more <= 0 || (sum(own.holder) + more <= 50 && sum() + more <= 120);
      expect(codeOf(() => held.set(amount)) === undefined).toBe(fits);
      open.set(held, { ...own, amount: fits ? amount : 0 });
    }
    expect(bodies.figures().held).toBe(sum());
  }
  for (const held of open.keys()) held.release();
  expect(bodies.figures()).toEqual({ held: 0, holders: 0, waiting: 0 });
});

test('turns go round: who comes later is served before all that another one waits for', async () => {
  const { reads } = sharesOf(1, 1);
  const order: string[] = [];
  const served = Promise.all(
    [ana, ana, ana, ana, bob, eve].map(async (holder) => {
      const release = await reads.turn(holder);
      order.push(holder);
      release();
    }),
  );
  expect(reads.figures()).toEqual({ held: 1, holders: 1, waiting: 5 });
  await served;
  expect(order).toEqual([ana, bob, eve, ana, ana, ana]);
});

test('a place rests for its holder for three times as long as it was held, and is free for others at once', async () => {
  vi.useFakeTimers();
  try {
    const { reads } = sharesOf(1, 1);
    const release = await reads.turn(ana);
    vi.advanceTimersByTime(100);
    release();
    const order: string[] = [];
    const again = reads.turn(ana).then(() => order.push('ana'));
    (await reads.turn(bob))();
    await vi.advanceTimersByTimeAsync(299);
    expect(order).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await again;
    expect(order).toEqual(['ana']);
  } finally {
    vi.useRealTimers();
  }
});

test('who has gone waits no more, who waits too long is told so, and one holder has only so many that wait', async () => {
  vi.useFakeTimers();
  try {
    const { reads } = sharesOf(1, 1);
    await reads.turn(bob);
    const gone = new AbortController();
    const [left, late] = [reads.turn(ana, gone.signal), reads.turn(ana)];
    gone.abort();
    await expect(left).rejects.toThrow(ProblemError);
    await expect(reads.turn(ana, gone.signal)).rejects.toThrow(ProblemError);
    expect(reads.figures().waiting).toBe(1);
    const [told] = await Promise.all([late.catch((error: unknown) => error), vi.advanceTimersByTimeAsync(20_000)]);
    expect(told).toMatchObject({ code: 'server_busy' });
    expect(reads.figures().waiting).toBe(0);
    const many = Array.from({ length: 200 }, () => reads.turn(ana));
    await expect(reads.turn(ana)).rejects.toThrow(expect.objectContaining({ code: 'too_many_open' }));
    const others = reads.turn(eve); // another holder waits all the same
    expect(reads.figures().waiting).toBe(201);
    void Promise.allSettled([...many, others]);
    await vi.advanceTimersByTimeAsync(20_000);
  } finally {
    vi.useRealTimers();
  }
});
