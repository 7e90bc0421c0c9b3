/** The feed under fire: signals that are lost, come twice, or come for what is not there yet. */
import { expect, inject, onTestFinished, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { connect } from '../../src/store/redis-connection.ts';
import { EventReader, type JobSignal } from '../../src/stream/event-reader.ts';
import type { ReadJob } from '../../src/jobs/read-job.ts';
import { createJournals } from '../../worker/run/journal.ts';
import { Connections } from '../../src/stream/connections.ts';
import { Feed } from '../../src/stream/feed.ts';
import type { Framing } from '../../src/stream/framing.ts';
import { openManualWorker, openQueue, submitTo } from '../support/queue.ts';

/** A job that runs, a feed over the real queue, and a follower that notes what it gets. */
async function setUp(pass: (signal: JobSignal) => boolean = () => true, around: (readJob: ReadJob) => ReadJob = (readJob) => readJob) {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  const job = await worker.getNextJob('token');
  const journal = createJournals(store)({ id, tenant: tenantOf(undefined, undefined), token: 'token' });
  const errors: unknown[] = [];
  const connections = new Connections(60_000);
  const feed = new Feed({
    readJob: around((jobId, after) => queue.read(jobId, after)),
    connections,
    eta: async () => undefined,
    onFollow: () => eventReader.wake(),
    onError: (error) => errors.push(error),
  });
  const eventReader: EventReader = new EventReader({
    pattern: connect(inject('redisUrl'), 'wait', () => {}, { lazyConnect: true }),
    redis,
    keyPrefix,
    interest: { when: () => (feed.isFollowed() ? 'now' : 'never'), has: (jobId) => feed.isFollowed(jobId) },
    onSignal: (signal) => pass(signal) && feed.signal(signal),
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => eventReader.close());
  await expect.poll(() => eventReader.listening()).toBe(true);

  let rows = 0;
  const append = (count = 1) =>
    Promise.all(
      Array.from({ length: count }, () => {
        const percent = ++rows % 100;
        return journal.append({ type: 'progress', attempt: 1, percent, stage: 'x' }, { percent, stage: 'x', items: 0 });
      }),
    );
  const follow = async (cursor: number | 'malformed' = 0) => {
    const seen: string[] = [];
    const closed = Promise.withResolvers<void>();
    const following = await feed.follow(id, cursor);
    following?.feed({
      write: (frames) => {
        const text = Buffer.from(frames).toString();
        seen.push(
          ...text.split('\n\n').flatMap((frame) => /^id: (\d+)/.exec(frame)?.[1] ?? (frame.includes('event: reset') ? ['reset'] : [])),
        );
      },
      close: closed.resolve,
    });
    return { seen, closed: closed.promise, following };
  };
  const complete = () => job?.moveToCompleted(undefined, 'token', false);
  return { queue, redis, keys, id, feed, connections, append, follow, complete, errors, eventReader };
}

const encoder = new TextEncoder();

/** A protocol that counts letters: each row is one. It notes what it encodes, and can't say `reset`. */
function letterFraming() {
  const encoded: number[] = [];
  const letters = (from: number, to: number) => encoder.encode('x'.repeat(Math.max(to - from, 0)));
  const framing: Framing = {
    name: 'letters',
    ping: new Uint8Array(),
    interruption: 'break',
    reads: 'all',
    standing: ({ snapshot: { length } }, cursor) => (cursor === 'malformed' || cursor > length ? 'unknown' : 'open'),
    row(_, { seq }, at) {
      encoded.push(seq);
      return { bytes: letters(at, seq), at: Math.max(at, seq) };
    },
    reading({ rows, snapshot }) {
      const last = rows.at(-1)?.seq ?? 0;
      return ({ at }) => ({
        bytes: encoder.encode('x'.repeat(Math.max(last - at, 0)) + (snapshot.end ? '.' : '')),
        at: Math.max(at, last),
      });
    },
  };
  return { framing, encoded };
}

/** Follows in another protocol; resolves `ended` with how the stream ended. */
async function followIn(framing: Framing, { feed, id }: Pick<Awaited<ReturnType<typeof setUp>>, 'feed' | 'id'>, cursor = 0) {
  const ended = Promise.withResolvers<'closed' | 'broken'>();
  const got = { text: '' };
  const following = await feed.follow(id, cursor, framing);
  following?.feed({
    write: (bytes) => void (got.text += Buffer.from(bytes).toString()),
    close: () => ended.resolve('closed'),
    break: () => ended.resolve('broken'),
  });
  return { got, ended: ended.promise, following };
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n + 1));

test('followers that come at any time, from any cursor, get every row once and in order', async () => {
  const { append, follow, complete, connections } = await setUp();
  const followers: { from: number; seen: string[]; closed: Promise<void> }[] = [];
  const joining: Promise<unknown>[] = [];
  for (let round = 0; round < 20; round++) {
    for (const from of [0, round * 5]) joining.push(follow(from).then((follower) => followers.push({ from, ...follower })));
    await append(10);
  }
  await Promise.all(joining);
  await complete();
  await Promise.all(followers.map(({ closed }) => closed));
  for (const { from, seen } of followers) expect(seen).toEqual(numbers(201).slice(from));
  expect(followers).toHaveLength(40);
  expect(connections.size()).toBe(0);
});

test('lost signals are made good by the next one', async () => {
  let deaf = true;
  const { append, follow, complete } = await setUp((signal) => !deaf || signal.type === 'missed');
  const { seen, closed } = await follow();
  await append(5);
  deaf = false;
  await append(1);
  await expect.poll(() => seen).toEqual(numbers(6));
  await complete();
  await closed;
  expect(seen).toEqual(numbers(7));
});

test('an end that nobody heard is found by reconciling', async () => {
  const { append, follow, complete, feed } = await setUp(() => false);
  const { seen, closed } = await follow();
  await append(3);
  await complete();
  feed.reconcile();
  await closed;
  expect(seen).toEqual(numbers(4));
});

test('a stream that is trimmed while the reader is away loses nobody their rows', async () => {
  const { append, follow, complete, redis, keys, feed } = await setUp((signal) => signal.type === 'missed');
  const { seen, closed } = await follow();
  await append(20);
  await redis.xtrim(keys.of('events'), 'MAXLEN', 0);
  feed.signal({ type: 'missed' }); // as after a reconnect
  await expect.poll(() => seen).toEqual(numbers(20));
  await complete();
  feed.signal({ type: 'missed' });
  await closed;
});

test('a signal for rows that are not there does no harm', async () => {
  const { append, follow, feed, id, complete } = await setUp();
  const { seen, closed } = await follow();
  feed.signal({ type: 'row', jobId: id, row: { type: 'progress', seq: 5000, attempt: 1, percent: 1, stage: 'x' }, writtenAt: 0 });
  feed.signal({ type: 'row', jobId: id, row: { type: 'progress', seq: -1, attempt: 1, percent: 1, stage: 'x' }, writtenAt: 0 });
  await append(2);
  await complete();
  await closed;
  expect(seen).toEqual(numbers(3));
});

test('a job that is gone lets its followers go', async () => {
  const { follow, feed, redis, keys, id } = await setUp();
  const { closed } = await follow();
  await redis.del(keys.job(id), keys.logs(id));
  feed.signal({ type: 'changed', jobId: id, change: 'ended' });
  await closed;
});

test('stopping in any state leaves nothing', async () => {
  const { follow, feed, id, connections, append } = await setUp();
  const unfed = await feed.follow(id, 0);
  unfed?.stop();
  const { following, seen } = await follow();
  following?.stop();
  following?.stop();
  await append(1);
  expect([connections.size(), seen]).toEqual([0, []]);
});

test('cursors at random: a resume never brings what was seen, nor leaves a hole', async () => {
  const { append, follow, complete } = await setUp();
  await append(50);
  const looks = await Promise.all(Array.from({ length: 60 }, (_, n) => follow(n)));
  await complete();
  for (const [from, { seen, closed }] of looks.entries()) {
    await closed;
    expect(seen).toEqual(from > 50 ? ['reset', ...numbers(51)] : numbers(51).slice(from));
  }
});

test('a look that fails is made again: no end waits for the next reconciliation', async () => {
  let failing = 3;
  const { append, follow, complete, errors } = await setUp(
    () => true,
    (look) => async (jobId, after) => {
      if (after !== 0 && failing-- > 0) throw new Error('Redis is away');
      return look(jobId, after);
    },
  );
  const { seen, closed } = await follow();
  await append(2);
  await complete();
  await closed;
  expect(seen).toEqual(numbers(3));
  expect(errors.length).toBeGreaterThan(0);
});

test('a follower that comes while all streams end is disconnected at once', async () => {
  const { feed, connections, id } = await setUp();
  const following = await feed.follow(id, 0);
  connections.close();
  const got: string[] = [];
  const closed = Promise.withResolvers<void>();
  following?.feed({ write: (frames) => got.push(Buffer.from(frames).toString()), close: closed.resolve });
  await closed.promise;
  expect(got.join('')).toMatch(/^retry: \d+\n\n$/);
  expect(connections.size()).toBe(0);
});

test('a follower that holds rows which the journal has lost is told to drop them, and gets all that there is', async () => {
  const { append, follow, feed, redis, keys, id } = await setUp();
  const { seen } = await follow();
  await append(5);
  await expect.poll(() => seen).toEqual(['1', '2', '3', '4', '5']);
  await redis.ltrim(keys.logs(id), 0, 1);
  feed.reconcile();
  await expect.poll(() => seen.slice(5)).toEqual(['reset', '1', '2']);
});

test('a follower whose rows were replaced by others is told to drop them', async () => {
  const { append, follow, feed, redis, keys, id, complete } = await setUp();
  const { seen, closed } = await follow();
  await append(3);
  await expect.poll(() => seen).toEqual(['1', '2', '3']);
  await redis.ltrim(keys.logs(id), 0, 1);
  for (const n of [70, 80]) await redis.rpush(keys.logs(id), JSON.stringify({ type: 'progress', attempt: 2, percent: n, stage: 'y' }));
  feed.reconcile();
  await expect.poll(() => seen.slice(3)).toEqual(['reset', '1', '2', '3', '4']);
  feed.reconcile(); // what it holds now is what there is
  await complete();
  await closed;
  expect(seen.slice(8)).toEqual(['5']);
});

test('followers of several protocols share one feed, and a row is encoded once for each protocol', async () => {
  const parts = await setUp();
  const { framing, encoded } = letterFraming();
  const ours = await parts.follow();
  const others = await Promise.all([0, 0, 0].map(async () => followIn({ ...framing }, parts)));
  for (let row = 1; row <= 5; row++) {
    await parts.append();
    await expect.poll(() => others.map(({ got }) => got.text)).toEqual(Array<string>(3).fill('x'.repeat(row)));
  }
  const late = await followIn(framing, parts, 2);
  await expect.poll(() => late.got.text).toBe('xxx');
  await parts.complete();
  await ours.closed;
  expect(ours.seen).toEqual(numbers(6));
  expect(new Set(encoded).size).toBe(encoded.length);
  expect(await Promise.all([...others, late].map(async ({ ended }) => ended))).toEqual(Array<string>(4).fill('closed'));
  expect(others.map(({ got }) => got.text)).toEqual(Array<string>(3).fill('xxxxx.'));
});

test('a protocol whose clients take a clean close for the end is broken instead: at a stop, and when the job is gone', async () => {
  const parts = await setUp();
  const { framing } = letterFraming();
  await parts.append(3);
  const gone = await followIn(framing, parts);
  await parts.redis.del(parts.keys.job(parts.id), parts.keys.logs(parts.id));
  parts.feed.signal({ type: 'changed', jobId: parts.id, change: 'ended' });
  expect(await gone.ended).toBe('broken');

  const next = await setUp();
  const stopped = await followIn(framing, next);
  const closing = await next.follow();
  next.connections.close();
  await closing.closed; // ours is told when to come back, and closed
  expect(await stopped.ended).toBe('broken');
  expect(stopped.got.text).toBe('');
});

test('a protocol that has no reset is broken where Redis has lost rows, and a cursor that never was is told', async () => {
  const parts = await setUp();
  const { framing } = letterFraming();
  await parts.append(3);
  const follower = await followIn(framing, parts);
  await expect.poll(() => follower.got.text).toBe('xxx');
  await parts.redis.ltrim(parts.keys.logs(parts.id), 0, 1);
  parts.feed.reconcile();
  expect(await follower.ended).toBe('broken');
  expect((await followIn(framing, parts, 9)).following?.unknown).toBe(true);
});
