/**
 * The client with its outbox against everything at once: a network that drops, stalls and cuts, an app that is killed and started again,
 * and an API and a worker that are killed and started again.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createDice, type Dice } from '../support/dice.ts';
import { startFaultyProxy } from '../support/faulty-proxy.ts';
import { card } from '../support/openai.ts';
import { freePort } from '../support/ports.ts';
import { ownRedis } from '../support/redis.ts';
import { COMPILE_CACHE, startStack } from '../support/stack.ts';
import { TEST_MS, within } from '../support/waits.ts';
import { startModel } from './model.ts';
import type { Life, Seen } from './outbox-app.ts';

/** `CLIENT_SEEDS=200` runs so many; `SEED=17` begins there. */
const SEEDS = Number(process.env['CLIENT_SEEDS'] ?? 6);
const FIRST = Number(process.env['SEED'] ?? 1);
const AT_ONCE = 6;
const CARDS = 8;
const APP = fileURLToPath(new URL('outbox-app.ts', import.meta.url));

/** How a life of an app goes. */
type Plan = Pick<Life, 'killAt' | 'leaveAfter'>;

/** Up to three lives that end early, by a kill or because nobody reads any more, and one that may do its work. */
function plansOf(dice: Dice): Plan[] {
  const early = Array.from({ length: dice(4) }, () =>
    dice(4) === 0 ? { killAt: 0, leaveAfter: 1 + dice(CARDS) } : { killAt: 1 + dice(80), leaveAfter: 0 },
  );
  return [...early, { killAt: 0, leaveAfter: 0 }];
}

/** Runs one life; resolves with how it ended, and what it wrote to its standard error. */
async function liveOnce(folder: string, life: Life): Promise<{ end: unknown; errors: string }> {
  const env = { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: COMPILE_CACHE };
  const child = spawn(process.execPath, [APP, folder, JSON.stringify(life)], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  const closed = once(child, 'close');
  for (let seen = -1; ; seen = seenIn(folder).length) {
    try {
      const [code, signal] = (await within(closed, `the end of ${life.user}'s life ${life.life}`, () =>
        seenIn(folder).slice(-3),
      )) as unknown[];
      return { end: code ?? signal, errors };
    } catch (error) {
      if (seenIn(folder).length === seen) throw error; // else something has come meanwhile, and more may
    }
  }
}

function seenIn(folder: string): Seen[] {
  const text = readFileSync(join(folder, 'seen.jsonl'), 'utf8').trim();
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Seen);
}

/** What an app holds of a job after all its lives. Fails where an item was left out, or came twice without a reset. */
function heldOf(key: string, seen: readonly Seen[]): { fronts: string[]; ends: string[] } {
  const fronts: string[] = [];
  const ends: string[] = [];
  let reader: { life: number; next: number } | undefined; // where the life that reads is
  for (const one of seen) {
    if (!('key' in one) || one.key !== key) continue;
    if (one.type === 'reset') [fronts.length, reader] = [0, { life: one.life, next: 0 }];
    if (one.type === 'completed' || one.type === 'failed' || one.type === 'cancelled') ends.push(one.type);
    if (one.type === 'unreachable') reader = undefined; // the app reads anew
    if (one.type !== 'item') continue;
    // A life goes on where the one before was, or with what that was busy with; and then item by item.
    if (reader?.life === one.life) expect([one.life, one.index]).toEqual([one.life, reader.next]);
    else expect(one.index).toBeLessThanOrEqual(fronts.length);
    fronts[one.index] = one.front;
    reader = { life: one.life, next: one.index + 1 };
  }
  return { fronts, ends };
}

test(
  `over ${SEEDS} seeds, from ${FIRST} on: every item once, one job for each submission, no wait without a word, and every app ends by itself`,
  { timeout: Math.max(TEST_MS, SEEDS * 60_000) },
  async () => {
    const redis = await ownRedis();
    const model = await startModel({ cardMs: 20 });
    const stack = await startStack({
      REDIS_URL: redis.url,
      ...model.env,
      RATE_LIMIT_MAX: '100000',
      MAX_JOBS_PER_USER: '1000',
      WORKER_CONCURRENCY: '20',
      WORKER_STALLED_INTERVAL_MS: '1200',
      WORKER_MAX_STALLED_COUNT: '1000',
      SSE_HEARTBEAT_MS: '300',
      LOG_LEVEL: 'info',
    });
    const port = String(await freePort());
    const start = { api: () => stack.startApi({ PORT: port }), worker: () => stack.startWorker() };
    const running = { api: await start.api(), worker: await start.worker() };
    let deaths = 0;
    let kills = 0;

    const liveThrough = async (seed: number): Promise<void> => {
      const dice = createDice(seed);
      const user = `user-${seed}`;
      const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-app-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const proxy = await startFaultyProxy(`http://127.0.0.1:${port}`, createDice(seed + 1000), { stalls: true });
      const submissions = 1 + dice(3);
      for (const [life, plan] of plansOf(dice).entries()) {
        const { end, errors } = await liveOnce(folder, { ...plan, url: proxy.url, user, submissions, count: CARDS, life });
        expect([errors, end]).toEqual(['', plan.killAt > 0 && end !== 0 ? 'SIGKILL' : 0]);
        if (end !== 0) deaths++;
      }
      const seen = seenIn(folder);
      expect(seen.at(-1)?.type).toBe('over');
      expect(seen.filter(({ type }) => type === 'silent')).toEqual([]);
      const keys = Array.from({ length: submissions }, (_, n) => `${user}-${n}`);
      for (const key of keys) {
        const { fronts, ends } = heldOf(key, seen);
        expect([key, fronts, [...new Set(ends)]]).toEqual([key, Array.from({ length: CARDS }, (_, n) => card(n + 1).front), ['completed']]);
      }
      const { jobs } = await stack.get('/api/jobs', { 'user-id': user });
      expect(jobs.map(({ status }: { status: string }) => status)).toEqual(keys.map(() => 'completed'));
    };

    /** Kills a part of the server each time some cards more are written, until the apps are done. */
    const storm = async (dice: Dice, over: Promise<unknown>): Promise<void> => {
      let isOver = false;
      void over.then(() => (isOver = true));
      for (;;) {
        await Promise.race([model.hasWritten(model.written() + 15 + dice(60)), over]);
        if (isOver) return;
        const part = dice(3) === 0 ? 'worker' : 'api';
        await running[part].stop('SIGKILL');
        running[part] = await start[part]();
        kills++;
      }
    };

    for (let from = FIRST; from < FIRST + SEEDS; from += AT_ONCE) {
      const seeds = Array.from({ length: Math.min(AT_ONCE, FIRST + SEEDS - from) }, (_, n) => from + n);
      const lives = Promise.allSettled(seeds.map(liveThrough));
      await storm(createDice(from), lives);
      for (const [n, outcome] of (await lives).entries()) {
        if (outcome.status === 'rejected')
          throw new Error(`SEED=${seeds[n]} CLIENT_SEEDS=1: ${(outcome.reason as Error).message}`, { cause: outcome.reason });
      }
    }
    if (SEEDS >= AT_ONCE) expect([deaths > 0, kills > 0]).toEqual([true, true]); // a few seeds may have none
    await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
  },
);
