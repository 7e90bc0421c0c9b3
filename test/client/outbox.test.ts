/** Tests the outbox: what is submitted without a network is sent once, whenever the app is killed, and jobs are found again where they were read to. */
import { expect, test, vi } from 'vitest';
import { createClient, type KeptJob, type KeyValueStorage } from '../../client/src/index.ts';
import { createDice, type Dice } from '../support/dice.ts';
import { type Answer, answerWith, card, latch, startOpenAI } from '../support/openai.ts';
import { freePort } from '../support/ports.ts';
import { startProxy } from '../support/proxy.ts';
import { startStack } from '../support/stack-in-process.ts';

const BACKOFF = { firstMs: 5, mostMs: 40 };
const CARDS = [card(1), card(2), card(3)];

/** A storage in memory, as a phone has it: its methods take a moment. */
function storageOf(kept: Map<string, string>): KeyValueStorage {
  return {
    getItem: async (key) => kept.get(key) ?? null,
    setItem: async (key, value) => void kept.set(key, value),
    removeItem: async (key) => void kept.delete(key),
  };
}

/** A model that writes three cards, an API and a worker; the proxy before them can be cut off. */
async function startAll(more: Record<string, string> = {}, answer: Answer = answerWith(CARDS)) {
  const openai = await startOpenAI(answer);
  const stack = await startStack({ ...openai.env, ...more });
  await stack.startWorker();
  const port = Number(new URL(stack.url).port);
  const proxy = await startProxy(port);
  const jobsOf = async (user: string) => {
    const { jobs } = await stack.get('/api/jobs', { 'user-id': user });
    return (jobs as { jobId: string }[]).map(({ jobId }) => jobId);
  };
  const leave = async () => {
    proxy.target(await freePort()); // nobody is there
    proxy.cut();
  };
  return { stack, openai, url: `http://127.0.0.1:${proxy.port}`, leave, comeBack: () => proxy.target(port), jobsOf };
}

test('a submission without a network has no id and is offline until it is sent; its readers get everything then', async () => {
  const { url, leave, comeBack, jobsOf } = await startAll();
  const kept = new Map<string, string>();
  const ai = createClient({ baseUrl: url, headers: { 'user-id': 'ana' }, backoff: BACKOFF, storage: storageOf(kept) });
  await leave();
  const job = await ai.flashcards({ content: 'Notes.', count: 3 }, { idempotencyKey: 'mine' });
  expect([job.id, job.key, job.connection.state]).toEqual([undefined, 'mine', 'offline']);
  await expect(job.status()).rejects.toMatchObject({ code: 'not_sent' });
  expect(await ai.outbox.list()).toEqual([
    { key: 'mine', kind: 'flashcards', at: expect.any(Number), input: { content: 'Notes.', count: 3 } },
  ]);
  await expect.poll(() => job.connection).toMatchObject({ state: 'offline', error: { code: 'unreachable' }, retryAt: expect.any(String) });
  const result = job.result();
  comeBack();
  expect(await result).toEqual({ flashcards: CARDS });
  expect(await jobsOf('ana')).toEqual([job.id]);
  expect([await ai.outbox.list(), job.connection.state]).toEqual([[], 'closed']);
  await expect.poll(() => [...kept.values()]).toEqual(['[]']);
});

test('what was not sent can be taken out, by its key or its job; what is refused for ever goes by itself and says why', async () => {
  const { url, leave, comeBack } = await startAll({}, async (pen) => {
    pen.text('{');
    await latch().wait; // no job ends before it is cancelled
  });
  const ai = createClient({ baseUrl: url, headers: { 'user-id': 'ana' }, backoff: BACKOFF, storage: storageOf(new Map()) });
  await leave();
  const jobs = await Promise.all(['One.', 'Two.', 'Three.'].map(async (content) => ai.flashcards({ content })));
  const ends = jobs.map(async (job) => job.result().catch(({ code }: { code: string }) => code));
  const controller = new AbortController();
  await ai.lesson({ topic: 'Dogs' }, { signal: controller.signal });
  controller.abort();
  expect(await ai.outbox.remove(jobs[0]?.key ?? '')).toBe(true);
  expect(await ai.outbox.remove('nothing')).toBe(false);
  expect(await jobs[1]?.cancel()).toBeUndefined();
  await jobs[2]?.delete();
  const wrong = await ai.flashcards({ content: '' });
  const gone = await ai.image({ image: { uri: 'file:///gone.png' } });
  comeBack();
  await expect(wrong.result()).rejects.toMatchObject({ code: 'invalid_input' });
  await expect(gone.result()).rejects.toMatchObject({ code: 'unreadable_file' });
  expect(await Promise.all(ends)).toEqual(['cancelled', 'cancelled', 'cancelled']);
  expect([await ai.outbox.list(), await ai.restore()]).toEqual([[], []]);
  // One that was on its way just then is cancelled at the server.
  const unfinished = async () => (await ai.jobs.list()).jobs.filter(({ status }) => status !== 'cancelled');
  await expect.poll(unfinished).toEqual([]);
});

test('what can not be kept is sent at once or refused: files that are no URIs, and more than the bounds; what waited too long is not sent', async () => {
  const { url, leave, comeBack } = await startAll();
  const kept = new Map<string, string>();
  const options = { baseUrl: url, headers: { 'user-id': 'ana' }, backoff: BACKOFF, storage: storageOf(kept) };
  const ai = createClient({ ...options, outbox: { maxEntries: 2, maxBytes: 2000 } });
  await leave();
  const direct = { retries: 0 };
  await expect(ai.image({ image: new Blob(['x']) }, direct)).rejects.toMatchObject({ code: 'unreachable' });
  await expect(ai.flashcards({ content: 'x'.repeat(2000) }, direct)).rejects.toMatchObject({ code: 'unreachable' });
  for (const content of ['One.', 'Two.']) await ai.flashcards({ content });
  await expect(ai.flashcards({ content: 'Three.' }, direct)).rejects.toMatchObject({ code: 'unreachable' });
  const full: KeyValueStorage = { ...storageOf(new Map()), setItem: () => Promise.reject(new Error('quota')) };
  await expect(createClient({ ...options, storage: full }).flashcards({ content: 'One.' }, direct)).rejects.toMatchObject({
    code: 'unreachable',
  });
  for (const { key } of await ai.outbox.list()) await ai.outbox.remove(key);

  const { key } = await ai.flashcards({ content: 'Late.' });
  const record = JSON.parse(kept.get(`ai-jobs:${key}`) ?? '{}') as { at: number };
  kept.set(`ai-jobs:${key}`, JSON.stringify({ ...record, at: record.at - 86_400_000 }));
  await ai.outbox.remove(''); // it is left to the next start of the app
  const [late] = await createClient({ ...options, storage: storageOf(kept) }).restore();
  await expect(late?.result()).rejects.toMatchObject({ code: 'outbox_expired' });
  comeBack();
});

test('two tabs with one storage: nothing is overwritten, each submission is sent once, and what one tab takes out the other one lets go', async () => {
  const { url, leave, comeBack, jobsOf } = await startAll();
  const kept = new Map<string, string>();
  const posts: string[] = [];
  const openTab = () =>
    createClient({
      baseUrl: url,
      headers: { 'user-id': 'ana' },
      backoff: BACKOFF,
      storage: storageOf(kept), // an object of its own, as each tab has
      async fetch(input, init) {
        const answer = await fetch(input, init);
        if (init?.method === 'POST') posts.push(new Headers(init.headers).get('idempotency-key') ?? '');
        return answer;
      },
    });
  const [left, right] = [openTab(), openTab()];
  await leave();
  const keys = Array.from({ length: 20 }, (_, n) => `key-${n}`);
  const submit = async (key: string, n: number) => [left, right][n % 2]!.flashcards({ content: key }, { idempotencyKey: key });
  const jobs = await Promise.all(keys.map(submit));
  const known = await Promise.all([left, right].map(async (tab) => (await tab.outbox.list()).map(({ key }) => key).toSorted()));
  expect(known).toEqual([keys.toSorted(), keys.toSorted()]);
  const ofLeft = jobs[0]?.result().catch(({ code }: { code: string }) => code);
  expect(await right.outbox.remove('key-0')).toBe(true);
  expect(await ofLeft).toBe('cancelled');
  const twins = (await right.restore()).filter(({ key }) => key === 'key-2'); // submitted by the left one
  comeBack();
  const results = await Promise.all([...jobs.slice(1), ...twins].map(async (job) => job.result()));
  expect(results).toEqual(Array.from({ length: keys.length }, () => ({ flashcards: CARDS })));
  expect(twins.map(({ id }) => id)).toEqual([jobs[2]?.id]);
  expect([...new Set(posts)].toSorted()).toEqual(keys.slice(1).toSorted()); // what was taken out was never sent
  expect(new Set(await jobsOf('ana'))).toEqual(new Set(jobs.slice(1).map(({ id }) => id)));
  expect(await jobsOf('ana')).toHaveLength(keys.length - 1);
  await expect.poll(() => [...kept.entries()]).toEqual([['ai-jobs', '[["key-0"]]']]);
  expect(await left.restore()).toEqual([]);
});

/** A life of an app: until it is killed at a step, of which each call of its storage and each request is one or two. */
function live(kept: Map<string, string>, url: string, user: string, { killAt, dice }: { killAt: number; dice: Dice }) {
  let steps = 0;
  const death = new AbortController();
  const { promise: killed, resolve: kill } = Promise.withResolvers<'killed'>();
  const never = new Promise<never>(() => {});
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    const isLast = ++steps === killAt;
    if (death.signal.aborted) return never;
    const isDone = !isLast || dice(2) === 0; // killed before it, or after
    const done = isDone ? await work() : undefined;
    if (!isLast && !death.signal.aborted) return done as T;
    death.abort();
    kill('killed');
    return never;
  };
  const bare = storageOf(kept);
  const ai = createClient({
    baseUrl: url,
    headers: { 'user-id': user },
    backoff: BACKOFF,
    storage: {
      getItem: async (key) => step(async () => bare.getItem(key)),
      setItem: async (key, value) => step(async () => bare.setItem(key, value)),
      removeItem: async (key) => step(async () => bare.removeItem(key)),
    },
    fetch: async (input, init) =>
      step(async () => fetch(input, { ...init, signal: AbortSignal.any([init?.signal ?? death.signal, death.signal]) })),
  });
  return { ai, killed, isDead: () => death.signal.aborted };
}

const SEEDS = Number(process.env['OUTBOX_SEEDS'] ?? 200);
const AT_ONCE = 25;
const DEEPEST = 24;

test(`killed at every step, ${SEEDS} times: one job for each submission, no item lost, and none given twice to who keeps what it was given`, async () => {
  const { url, jobsOf, openai, stack } = await startAll({ RATE_LIMIT_MAX: '100000', MAX_JOBS_PER_USER: '1000', WORKER_CONCURRENCY: '20' });
  vi.stubGlobal('navigator', undefined); // the dead of one process would keep their locks, which those of a process that is killed do not
  let deaths = 0;
  const liveThrough = async (seed: number): Promise<void> => {
    const dice = createDice(seed);
    const kept = new Map<string, string>();
    const user = `user-${seed}`;
    const items = new Map<number, unknown>(); // what the app keeps of its own
    let isSafe = false; // whether the app was told that it is kept
    let isOver = false;
    for (let lives = 0; !isOver; lives++) {
      const life = live(kept, url, user, { killAt: lives < 3 ? 1 + ((seed + lives * 7) % DEEPEST) : Infinity, dice });
      const alive = new Set<KeptJob>();
      const work = async (): Promise<'over'> => {
        let jobs: KeptJob[] = await life.ai.restore();
        if (life.isDead()) return new Promise(() => {});
        if (!isSafe && jobs.length === 0) {
          const job = await life.ai.flashcards({ content: `Notes ${seed}.`, count: 3 });
          isSafe = true;
          jobs = [job];
        }
        for (const job of jobs) {
          alive.add(job);
          for await (const event of job) {
            if (life.isDead()) return new Promise(() => {});
            if (event.type === 'reset') items.clear();
            if (event.type === 'item') items.set(event.index, event.value);
          }
        }
        return 'over';
      };
      isOver = (await Promise.race([work(), life.killed])) === 'over';
      if (isOver) continue;
      deaths++;
      // What is left of the dead app in this process ends, too. Its storage and its network are gone already.
      for (const job of alive) job.pause();
      void life.ai.outbox.list().then((unsent) => unsent.forEach(({ key }) => void life.ai.outbox.remove(key)));
    }
    expect([seed, [...items.values()]]).toEqual([seed, CARDS]);
    expect([seed, (await jobsOf(user)).length]).toEqual([seed, 1]);
  };
  for (let from = 0; from < SEEDS; from += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, SEEDS - from) }, (_, n) => liveThrough(from + n)));
  }
  expect(openai.calls).toHaveLength(SEEDS);
  expect(deaths).toBeGreaterThan(SEEDS / 2);
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
});
