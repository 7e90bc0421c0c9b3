/** Loops that should come round: which count as alive, and which end their process. */
import { expect, onTestFinished, test } from 'vitest';
import type { OwnError } from '../../src/job/own-error.ts';
import { endWhenStuck, LoopAge } from '../../src/store/loop-age.ts';
import type { StoreTrouble } from '../../src/store/store-trouble.ts';

test('a loop is alive once it has come round, while it rests, and after an outage once it has come round again', () => {
  const age = new LoopAge();
  expect(age.isAlive()).toBe(false);
  age.round();
  expect(age.isAlive()).toBe(true);
  age.begin();
  expect(age.isAlive()).toBe(false);
  age.rest();
  expect([age.isAlive(), age.ageMs()]).toEqual([true, 0]);
  age.begin();
  expect(age.isAlive()).toBe(true);
});

/** Watches a loop of these ages, one a look; resolves with why the process was to end, or undefined when all are seen. */
async function watchAges(ages: number[], trouble?: StoreTrouble): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let current = 0;
  const monitor = {
    probe: async () => trouble,
  };
  const seen = () => {
    const age = ages[Math.floor(current++ / 2)]; // it is asked before the probe and after it
    if (age === undefined) resolve(undefined);
    return age ?? 0;
  };
  const fail = ({ message }: OwnError) => resolve(message);
  const watch = endWhenStuck({ what: 'the loop', ageMs: seen, monitor, fail, onError: resolve as never }, 1);
  onTestFinished(watch.close);
  return promise;
}

const HOUR_MS = 3_600_000;

test('a process ends whose loop is stuck while Redis is well', async () => {
  expect(await watchAges([HOUR_MS, HOUR_MS, HOUR_MS])).toMatch(/^the loop has not come round for 60 s/);
});

test('no process ends whose loop goes on after it was frozen, is late, or waits for Redis', async () => {
  expect(await watchAges([HOUR_MS, HOUR_MS, 20_000])).toBeUndefined();
  expect(await watchAges([20_000, 59_000, 20_000, 20_000])).toBeUndefined();
  expect(
    await watchAges(
      [HOUR_MS, HOUR_MS, HOUR_MS, HOUR_MS].flatMap((age) => [age]),
      { type: 'away' },
    ),
  ).toBeUndefined();
});
