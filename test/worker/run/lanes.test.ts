/** Lanes: the jobs of each kind wait and run in a queue of their own, and no kind holds up another. Workers that are killed or stopped are real processes. */
import { Queue } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { QUEUE_NAME } from '../../../src/store/keys.ts';
import { answerLesson, submitLesson } from '../../support/lesson.ts';
import { answerWith, type Answer, type Call, latch, startOpenAI } from '../../support/openai.ts';
import { openQueue, waiting } from '../../support/queue.ts';
import { isEnd } from '../../support/sse.ts';
import { type Process, type Serving, type Stack, startStack as startProcesses } from '../../support/stack.ts';
import { startStack } from '../../support/stack-in-process.ts';

const FLASHCARDS = 'generate-flashcards';
const LESSON = 'generate-lesson';

const isLesson = ({ material }: Call) => 'wanted' in material;
const answerAny: Answer = (pen, call, n) => (isLesson(call) ? answerLesson : answerWith())(pen, call, n);

/** An API whose jobs go into lanes, and a model that both kinds ask. */
async function start<Part extends Serving>(
  startWith: (env: Record<string, string>) => Promise<Stack<Part>>,
  answer: Answer,
  env: Record<string, string> = {},
) {
  const openai = await startOpenAI(answer);
  const stack = await startWith({ ...openai.env, LANES: 'auto', RATE_LIMIT_MAX: '1000', ...env });
  const { redis, keys } = await openQueue(stack.prefix);
  return { openai, stack, redis, keys };
}

const submitCards = (stack: Stack<Serving>, count: number) =>
  Promise.all(Array.from({ length: count }, (_, n) => stack.submit({ content: `Notes ${n}.` })));
const submitLessons = (stack: Stack<Serving>, count: number) =>
  Promise.all(Array.from({ length: count }, (_, n) => submitLesson(stack.url, { topic: `Topic ${n}` })));

/** Resolves with how a job ends. */
async function endOf(stack: Stack<Serving>, job: Record<string, any>): Promise<string> {
  return (await (await stack.watch(job)).until(isEnd)).event ?? '';
}

const statusesOf = (stack: Stack<Serving>, jobs: Record<string, any>[]) =>
  Promise.all(jobs.map(async (job) => (await stack.get(job['statusUrl']))['status'] as string));

const started = (worker: Serving) => worker.log().flatMap(({ msg, jobId }) => (msg === 'job started' ? [String(jobId)] : []));

test('a kind whose vendor hangs holds up no other: twenty jobs are done beside nine that hang', async () => {
  const { openai, stack, redis, keys } = await start(startStack, (pen, call, n) =>
    isLesson(call) ? undefined : answerWith()(pen, call, n),
  );
  await stack.startWorker();
  const hung = await submitLessons(stack, 9);
  await expect.poll(() => openai.calls.length).toBe(3);
  const jobs = await submitCards(stack, 20);
  expect(await Promise.all(jobs.map((job) => endOf(stack, job)))).toEqual(jobs.map(() => 'completed'));
  expect((await statusesOf(stack, hung)).toSorted()).toEqual([...Array(3).fill('active'), ...Array(6).fill('waiting')]);
  expect(openai.calls.filter(isLesson)).toHaveLength(3);
  expect([await redis.llen(keys.of('active', LESSON)), await redis.llen(keys.of('active'))]).toEqual([3, 0]);
  expect((await stack.get('/api/queue/stats'))['lanes'][LESSON]).toMatchObject({ active: 3, waiting: 6, concurrency: 3 });
});

test('a worker that is for some kinds leaves the jobs of others alone: they wait, and are not refused', async () => {
  const { stack } = await start(startStack, answerAny);
  const one = await stack.startWorker({ WORKER_KINDS: LESSON });
  const [card] = await submitCards(stack, 1);
  const [lesson] = await submitLessons(stack, 1);
  expect(await endOf(stack, lesson ?? {})).toBe('completed');
  const { kinds } = (await stack.get('/api/kinds')) as { kinds: { name: string; available: boolean }[] };
  expect(kinds.find(({ name }) => name === FLASHCARDS)?.available).toBe(true);
  expect((await stack.get('/api/queue/stats'))['lanes'][FLASHCARDS]).toMatchObject({ waiting: 1, concurrency: 0 });
  expect(await statusesOf(stack, [card ?? {}])).toEqual(['waiting']);
  const other = await stack.startWorker({ WORKER_KINDS: FLASHCARDS });
  expect(await endOf(stack, card ?? {})).toBe('completed');
  expect([started(one), started(other)]).toEqual([[lesson?.['jobId']], [card?.['jobId']]]);
  expect((await (await fetch(`${one.url}/health`)).json()) as object).toMatchObject({ concurrency: 3, lanes: { [LESSON]: 3 } });
});

test('in the queue that all kinds share a job of a kind that no worker is for waits, too', async () => {
  const { stack } = await start(startStack, answerAny, { LANES: 'off' });
  const one = await stack.startWorker({ WORKER_KINDS: LESSON });
  const [card] = await submitCards(stack, 1);
  await expect.poll(() => started(one)).toContain(card?.['jobId']); // it is taken up, and given back
  await expect.poll(() => statusesOf(stack, [card ?? {}])).toEqual(['waiting']);
  await stack.startWorker({ WORKER_KINDS: FLASHCARDS });
  expect(await endOf(stack, card ?? {})).toBe('completed');
  expect(await stack.get(card?.['statusUrl'])).toMatchObject({ attempt: 1 });
});

test('a lane has the slots that its own variable says', async () => {
  const released = latch();
  const { openai, stack } = await start(
    startStack,
    async (pen, call, n) => {
      await released.wait;
      answerAny(pen, call, n);
    },
    { WORKER_CONCURRENCY: '2', WORKER_CONCURRENCY_FLASHCARDS: '1', WORKER_CONCURRENCY_LESSON: '4', WORKER_CONCURRENCY_TOTAL: '6' },
  );
  await stack.startWorker();
  const jobs = [...(await submitCards(stack, 3)), ...(await submitLessons(stack, 6))];
  await expect.poll(() => openai.calls.length).toBe(5);
  expect(openai.calls.filter(isLesson)).toHaveLength(4);
  const { lanes, concurrency } = await stack.get('/api/queue/stats');
  expect([lanes[FLASHCARDS].concurrency, lanes[LESSON].concurrency]).toEqual([1, 4]);
  expect(concurrency).toBe(6); // all lanes together could run more
  released.open();
  expect(await Promise.all(jobs.map((job) => endOf(stack, job)))).toEqual(jobs.map(() => 'completed'));
});

test('a process never runs more jobs than it may in all, and none of its lanes takes the last slot of another that has jobs', async () => {
  let running = 0;
  let most = 0;
  const released = latch();
  const { openai, stack } = await start(
    startStack,
    async (pen, call, n) => {
      most = Math.max(most, ++running);
      await released.wait;
      running--;
      answerAny(pen, call, n);
    },
    { WORKER_CONCURRENCY_TOTAL: '3', WORKER_CONCURRENCY: '3' },
  );
  await stack.startWorker();
  const lessons = await submitLessons(stack, 6);
  await expect.poll(() => openai.calls.length).toBe(3);
  const cards = await submitCards(stack, 6);
  released.open();
  expect(await Promise.all([...lessons, ...cards].map((job) => endOf(stack, job)))).toEqual(Array(12).fill('completed'));
  expect(most).toBe(3);
  expect(openai.calls.slice(3, 6).some((call) => !isLesson(call))).toBe(true); // the first slots that are free are not all the lessons' own
});

test('with one slot for all lanes those that have jobs take turns', async () => {
  const all = latch();
  const { openai, stack } = await start(
    startStack,
    async (pen, call, n) => {
      await all.wait;
      answerAny(pen, call, n);
    },
    { WORKER_CONCURRENCY_TOTAL: '1' },
  );
  const jobs = [...(await submitCards(stack, 3)), ...(await submitLessons(stack, 3))];
  await stack.startWorker();
  await expect.poll(() => openai.calls.length).toBe(1);
  all.open();
  expect(await Promise.all(jobs.map((job) => endOf(stack, job)))).toEqual(Array(6).fill('completed'));
  const turns = openai.calls.map(isLesson);
  expect(turns).toEqual(turns.map((_, n) => (n % 2 === 0 ? turns[0] : !turns[0])));
});

test('a rate of its own bounds one lane, and the limiter all of them together', async () => {
  const { stack, redis, keys } = await start(startStack, answerAny, {
    WORKER_RATE_MAX: '6',
    WORKER_RATE_MAX_FLASHCARDS: '2',
    WORKER_RATE_DURATION_MS: '600000',
  });
  await stack.startWorker();
  const cards = await submitCards(stack, 3);
  await expect.poll(async () => (await statusesOf(stack, cards)).toSorted()).toEqual(['completed', 'completed', 'waiting']);
  const lessons = await submitLessons(stack, 5);
  await expect.poll(async () => (await statusesOf(stack, lessons)).toSorted()).toEqual([...Array(4).fill('completed'), 'waiting']);
  expect((await statusesOf(stack, cards)).toSorted()).toEqual(['completed', 'completed', 'waiting']);
  expect([await redis.get(keys.of('limiter')), await redis.get(keys.laneLimiter(FLASHCARDS))]).toEqual(['6', '2']);
  await redis.del(keys.of('limiter'), keys.laneLimiter(FLASHCARDS)); // a window is over
});

test('a job that runs in a lane is cancelled at once', async () => {
  const { openai, stack } = await start(startStack, () => {});
  await stack.startWorker();
  const [job] = await submitCards(stack, 1);
  await expect.poll(() => openai.calls.length).toBe(1);
  await fetch(stack.url + job?.['cancelUrl'], { method: 'POST' });
  await openai.calls[0]?.dropped;
  expect(await endOf(stack, job ?? {})).toBe('cancelled');
});

test('a pause of the queue that all kinds share holds for all lanes', async () => {
  const { stack } = await start(startStack, answerAny);
  await stack.startWorker();
  const queue = new Queue(QUEUE_NAME, { connection: waiting(), prefix: stack.prefix, skipMetasUpdate: true });
  onTestFinished(() => queue.close());
  await queue.pause();
  const jobs = [...(await submitCards(stack, 2)), ...(await submitLessons(stack, 2))];
  await expect.poll(async () => (await stack.get('/api/queue/stats'))['paused']).toBe(true);
  expect(await statusesOf(stack, jobs)).toEqual(jobs.map(() => 'waiting'));
  await queue.resume();
  expect(await Promise.all(jobs.map((job) => endOf(stack, job)))).toEqual(jobs.map(() => 'completed'));
});

test.each([
  ['was killed', { WORKER_STALLED_INTERVAL_MS: '1000' }, (worker: Process) => worker.stop('SIGKILL')],
  [
    'was told to stop and then killed',
    { WORKER_STALLED_INTERVAL_MS: '600000', WORKER_MAX_STALLED_COUNT: '0' },
    async (worker: Process, isAnnounced: () => Promise<unknown>) => {
      process.kill(worker.pid, 'SIGTERM');
      await isAnnounced();
      await worker.stop('SIGKILL');
    },
  ],
] as const)('the jobs of a lane go on with another worker when theirs %s', async (_, env, kill) => {
  const { openai, stack, redis, keys } = await start(startProcesses, (pen, call, n) => (n > 2 ? answerAny(pen, call, n) : undefined), env);
  const first = await stack.startWorker();
  const jobs = [...(await submitCards(stack, 1)), ...(await submitLessons(stack, 1))];
  await expect.poll(() => openai.calls.length).toBe(2);
  await kill(first, async () => {
    await expect.poll(() => redis.hlen(keys.leaving)).toBe(2);
  });
  await stack.startWorker();
  expect(await Promise.all(jobs.map((job) => endOf(stack, job)))).toEqual(['completed', 'completed']);
  for (const lane of [FLASHCARDS, LESSON, undefined]) {
    const left = await Promise.all([
      redis.llen(keys.of('active', lane)),
      redis.llen(keys.of('wait', lane)),
      redis.scard(keys.of('stalled', lane)),
    ]);
    expect([lane, ...left.slice(0, 2)]).toEqual([lane, 0, 0]);
  }
});

test('a worker that stood still lets go of a job in a lane that another has', async () => {
  const released = latch();
  const { openai, stack } = await start(
    startProcesses,
    async (pen, call, n) => {
      if (n === 1) return;
      await released.wait;
      answerAny(pen, call, n);
    },
    { WORKER_CONCURRENCY: '1', WORKER_STALLED_INTERVAL_MS: '1000' },
  );
  const first = await stack.startWorker();
  const [job] = await submitCards(stack, 1);
  await expect.poll(() => openai.calls.length).toBe(1);
  process.kill(first.pid, 'SIGSTOP');
  await stack.startWorker();
  await expect.poll(() => openai.calls.length).toBe(2);
  process.kill(first.pid, 'SIGCONT');
  await openai.calls[0]?.dropped;
  released.open();
  expect(await endOf(stack, job ?? {})).toBe('completed');
  expect(openai.calls).toHaveLength(2);
});

test('two processes that are full leave the job of a lane to a third that is not', async () => {
  const { openai, stack } = await start(startStack, (pen, call, n) => (isLesson(call) ? undefined : answerWith()(pen, call, n)), {
    WORKER_CONCURRENCY_TOTAL: '1',
  });
  await Promise.all([stack.startWorker(), stack.startWorker()]);
  await submitLessons(stack, 2);
  await expect.poll(() => openai.calls.length).toBe(2);
  const [job] = await submitCards(stack, 1);
  const third = await stack.startWorker({ WORKER_KINDS: FLASHCARDS });
  expect(await endOf(stack, job ?? {})).toBe('completed');
  expect(started(third)).toEqual([job?.['jobId']]);
});
