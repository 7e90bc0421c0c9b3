/** The storage of files: what is kept is whole, the bounds hold whatever happens at once, and no crash leaves a wrong count. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { RedisFiles, PIECE_BYTES } from '../../src/files/redis-files.ts';
import { type NewFile, readWhole } from '../../src/files/store.ts';
import { createFileUpkeep } from '../../src/files/upkeep.ts';
import { newJobId } from '../../src/job/id.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { openQueue } from '../support/queue.ts';
import { noise } from '../support/recordings.ts';

const KB = 1024;
const ana = tenantOf('ana', undefined);

async function open(maxTotalBytes = 64 * KB * KB) {
  const { store: place, redis, keys, queue } = await openQueue();
  const store = new RedisFiles(place, maxTotalBytes);
  const upkeep = createFileUpkeep(place, 60);
  const used = async () => Number((await redis.hget(keys.files.used, '*')) ?? 0);
  return { redis, keys, queue, store, upkeep, used };
}

const file = (more: Partial<NewFile> = {}): NewFile => ({
  jobId: newJobId('slice-audio'),
  name: 'in:audio',
  tenant: ana,
  type: 'audio/wav',
  bytes: noise(1000),
  ...more,
});

test('what is kept is read as it was, whole and in any range', async () => {
  const { store } = await open();
  for (const size of [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 7]) {
    const bytes = randomBytes(size);
    const one = file({ bytes });
    expect(await store.put(one)).toEqual({ type: 'kept' });
    const found = await store.open(one.jobId, one.name);
    if (!found) throw new Error('not there');
    expect(found.info).toEqual({ type: 'audio/wav', bytes: size, digest: expect.stringMatching(/^[\w-]{43}$/) });
    expect(await store.head(one.jobId, one.name)).toEqual(found.info);
    expect(bytes.equals(await readWhole(found))).toBe(true);
    for (const [from, to] of [
      [0, Math.min(size, 5)],
      [Math.max(size - 5, 0), size],
      [Math.min(size, PIECE_BYTES - 2), Math.min(size, PIECE_BYTES + 2)],
    ] as const) {
      const part: Uint8Array[] = [];
      for await (const piece of found.read({ from, to })) part.push(piece);
      expect(Buffer.concat(part).equals(bytes.subarray(from, to))).toBe(true);
    }
  }
});

test('a file is not read before it is whole, nor as a mixture of two', async () => {
  const { store, redis, keys } = await open();
  const one = file({ bytes: noise(3 * PIECE_BYTES) });
  await store.put(one);
  const found = await store.open(one.jobId, one.name);
  const reading = found?.read();
  await reading?.next();
  await store.put({ ...one, bytes: noise(3 * PIECE_BYTES, 2) });
  await expect(reading?.next()).rejects.toThrow('went while it was read');

  await redis.hdel(keys.files.of(`${one.jobId}:${one.name}`), 'whole'); // as a writer leaves it that dies before the end
  expect([await store.head(one.jobId, one.name), await store.open(one.jobId, one.name)]).toEqual([undefined, undefined]);
});

test('only the run that holds the lock writes, also when it loses it between two pieces', async () => {
  const { store, redis, keys, used } = await open();
  const one = file({ name: 'out:0', token: 'mine', bytes: noise(2 * PIECE_BYTES) });
  expect(await store.put(one)).toEqual({ type: 'lost' });
  await redis.set(keys.lock(one.jobId), 'mine');
  expect(await store.put(one)).toEqual({ type: 'kept' });
  await redis.set(keys.lock(one.jobId), 'theirs');
  expect(await store.put({ ...one, bytes: noise(10) })).toEqual({ type: 'lost' });
  expect((await store.head(one.jobId, 'out:0'))?.bytes).toBe(2 * PIECE_BYTES);
  await redis.set(keys.lock(one.jobId), 'mine');
  const late = store.put({ ...one, bytes: noise(20 * PIECE_BYTES, 3) });
  await redis.set(keys.lock(one.jobId), 'theirs'); // sent right after the first command of the other
  expect(await late).toEqual({ type: 'lost' });
  expect(await store.put({ ...one, token: 'theirs', bytes: noise(5) })).toEqual({ type: 'kept' });
  expect([await used(), (await store.head(one.jobId, 'out:0'))?.bytes]).toEqual([5, 5]);
  await redis.hset(keys.job(one.jobId), 'finishedOn', '1');
  expect(await store.put({ ...one, token: 'theirs', bytes: noise(6) })).toEqual({ type: 'lost' });
});

test('a hundred at once: exactly as many as fit, and each user has a quarter at most', async () => {
  const { store, used } = await open(400 * KB);
  const put = (user: string) => store.put(file({ tenant: tenantOf(user, undefined), bytes: noise(10 * KB) }));
  const own = await Promise.all(Array.from({ length: 30 }, () => put('ana')));
  expect(own.filter(({ type }) => type === 'kept')).toHaveLength(10);
  expect(own.find(({ type }) => type === 'full')).toMatchObject({ whose: 'own', jobsMakeRoom: true });
  const all = await Promise.all(Array.from({ length: 100 }, (_, n) => put(`user-${n % 20}`)));
  expect(all.filter(({ type }) => type === 'kept')).toHaveLength(30);
  expect(all.find(({ type }) => type === 'full')).toMatchObject({ whose: 'all' });
  expect(await used()).toBe(400 * KB);
});

test('the same file again takes no room, another one in its place takes its own', async () => {
  const { store, used } = await open();
  const one = file({ bytes: noise(5000) });
  for (let n = 0; n < 3; n++) expect(await store.put(one)).toEqual({ type: 'kept' });
  expect(await used()).toBe(5000);
  await store.put({ ...one, bytes: noise(70, 9) });
  await store.put({ ...one, name: 'out:0', bytes: noise(30) });
  expect(await used()).toBe(100);
  await store.delete(one.jobId, 'inputs');
  expect([await used(), await store.head(one.jobId, 'in:audio'), (await store.head(one.jobId, 'out:0'))?.bytes]).toEqual([
    30,
    undefined,
    30,
  ]);
  await store.delete(one.jobId, 'all');
  await store.delete(one.jobId, 'all');
  expect([await used(), await store.head(one.jobId, 'out:0')]).toEqual([0, undefined]);
});

test('an upload that died half-way holds its room for a minute and not longer', async () => {
  const { store, redis, keys, upkeep, used } = await open(40 * KB);
  const dead = file({ bytes: noise(10 * KB) });
  await store.put(dead);
  await redis.hdel(keys.files.of(`${dead.jobId}:in:audio`), 'whole');
  expect((await store.put(file())).type).toBe('full');
  await upkeep(61_000);
  expect([await used(), await redis.keys(`${keys.files.of('')}*`)]).toEqual([0, []]);
  expect((await store.put(file())).type).toBe('kept');
});

test('an output that a dead worker left half-way goes with the end of its job', async () => {
  const { store, redis, keys, upkeep, used } = await open();
  const half = file({ name: 'out:1', bytes: noise(500) });
  await store.put(half);
  await store.put({ ...half, name: 'out:0', bytes: noise(100) });
  const key = keys.files.of(`${half.jobId}:out:1`);
  await redis.hdel(key, 'whole');
  await redis.hset(keys.job(half.jobId), 'name', 'slice-audio');
  await upkeep(61_000);
  expect([await used(), await redis.exists(key)]).toEqual([600, 1]); // its next run writes it anew
  await redis.hset(keys.job(half.jobId), 'finishedOn', String(Date.now()));
  await redis.zadd(keys.files.due, 0, half.jobId);
  await upkeep();
  expect([await used(), await redis.exists(key)]).toEqual([100, 0]);
});

test('when there will be room is told by what ends by itself', async () => {
  const { store, redis, keys, upkeep } = await open(40 * KB);
  const one = file({ bytes: noise(10 * KB) });
  await store.put(one);
  const now = Date.now();
  await redis.hset(keys.job(one.jobId), { name: 'slice-audio', finishedOn: String(now), failedReason: 'provider_rejected: no' });
  await upkeep(60_000); // the retention is shorter than the hour of a failed job
  const next = file({ bytes: noise(10 * KB) });
  await store.put(next);
  await redis.hset(keys.job(next.jobId), { name: 'slice-audio', finishedOn: String(now), failedReason: 'provider_rejected: no' });
  await redis.zadd(keys.files.due, now, next.jobId);
  await upkeep();
  const full = await store.put(file());
  expect(full).toMatchObject({ type: 'full', whose: 'own', jobsMakeRoom: false });
  if (full.type === 'full') expect(full.freeInMs).toBeGreaterThan(50_000);
  if (full.type === 'full') expect(full.freeInMs).toBeLessThanOrEqual(60_000);
});

test('whatever others write into the ledger, files are kept, and counted anew before one is refused', async () => {
  const { store, redis, keys, used } = await open(400 * KB);
  const { ledger, due, used: counts } = keys.files;
  await store.put(file({ bytes: noise(10 * KB) }));
  await redis.hset(counts, { '*': '999999999', 'user:ana': 'nonsense' });
  expect(await store.put(file({ bytes: noise(10 * KB) }))).toEqual({ type: 'kept' });
  expect(await used()).toBe(20 * KB);
  await redis.hset(ledger, { x: '{', y: '[]', z: '{"tenant":1}' });
  await redis.hset(counts, { '*': '999999999', '@': '0' });
  expect(await store.put(file({ bytes: noise(10 * KB) }))).toEqual({ type: 'kept' });
  expect(await used()).toBe(30 * KB);
  for (const key of [ledger, due, counts]) {
    await redis.del(key);
    await redis.set(key, 'text');
    expect(await store.put(file({ bytes: noise(10 * KB) }))).toEqual({ type: 'kept' });
  }
  const one = file();
  await redis.set(keys.files.of(`${one.jobId}:in:audio`), 'text');
  expect(await store.head(one.jobId, 'in:audio')).toBe(undefined);
  expect(await store.put(one)).toEqual({ type: 'kept' });
});

/** A run that holds its job and makes files. */
async function making(maxTotalBytes = 400 * KB) {
  const setup = await open(maxTotalBytes);
  const { redis, keys, store } = setup;
  const jobId = newJobId('slice-audio');
  await redis.hset(keys.job(jobId), 'name', 'slice-audio');
  await redis.set(keys.lock(jobId), 'mine');
  const reserve = (sizes: Record<`out:${string}`, number>, token = 'mine') =>
    store.reserve({ jobId, tenant: ana, token, files: new Map(Object.entries(sizes) as [`out:${string}`, number][]) });
  const put = (name: `out:${string}`, bytes: number) => store.put(file({ jobId, name, token: 'mine', bytes: noise(bytes, bytes) }));
  return { ...setup, jobId, reserve, put };
}

test('room is reserved for all files or for none, and what is put into it counts as what it is', async () => {
  const { store, used, reserve, put, jobId } = await making();
  await store.put(file({ bytes: noise(50 * KB) }));
  expect(await reserve({ 'out:0': 30 * KB, 'out:1': 30 * KB })).toMatchObject({ type: 'full', whose: 'own', jobsMakeRoom: true });
  expect(await used()).toBe(50 * KB);
  expect(await reserve({ 'out:0': 20 * KB, 'out:1': 20 * KB })).toEqual({ type: 'kept' });
  expect(await reserve({ 'out:0': 20 * KB, 'out:1': 20 * KB })).toEqual({ type: 'kept' }); // a further run has it already
  expect([await used(), await store.head(jobId, 'out:0'), await store.open(jobId, 'out:0')]).toEqual([90 * KB, undefined, undefined]);
  expect((await store.put(file({ bytes: noise(20 * KB) }))).type).toBe('full');

  expect(await put('out:0', 5 * KB)).toEqual({ type: 'kept' });
  expect(await used()).toBe(75 * KB);
  expect(await put('out:1', 90 * KB)).toEqual({ type: 'kept' }); // more than there is room for: it is paid for
  expect(await used()).toBe(145 * KB);
  expect(await reserve({ 'out:0': 20 * KB, 'out:1': 20 * KB })).toEqual({ type: 'kept' }); // both are there
  expect(await used()).toBe(145 * KB);
  expect((await put('out:2', 1)).type).toBe('full'); // no room was reserved for it
  expect(await store.delete(jobId, 'all')).toBe(2);
  expect(await used()).toBe(50 * KB);
});

test('an estimate above the share of a user waits until he has nothing else', async () => {
  const { store, used, reserve, put } = await making();
  const other = file({ bytes: noise(KB) });
  await store.put(other);
  expect((await reserve({ 'out:0': 300 * KB, 'out:whole': 300 * KB })).type).toBe('full');
  await store.delete(other.jobId, 'all');
  expect(await reserve({ 'out:0': 300 * KB, 'out:whole': 300 * KB })).toEqual({ type: 'kept' });
  expect(await used()).toBe(100 * KB);
  expect([await put('out:0', 10 * KB), await put('out:whole', 10 * KB)]).toEqual([{ type: 'kept' }, { type: 'kept' }]);
  expect(await used()).toBe(20 * KB);
});

test('only the run that holds its job reserves and releases, and what a job with a part has stays its own until it ends', async () => {
  const { store, redis, keys, used, reserve, put, jobId } = await making();
  expect(await reserve({ 'out:0': KB }, 'theirs')).toEqual({ type: 'lost' });
  await reserve({ 'out:0': KB, 'out:1': KB });
  await store.release(jobId, 'theirs');
  await store.release(jobId);
  expect(await used()).toBe(2 * KB);
  await store.release(jobId, 'mine');
  expect([await used(), await redis.keys(`${keys.files.of('')}*`), await redis.hlen(keys.files.ledger)]).toEqual([0, [], 0]);

  await reserve({ 'out:0': KB, 'out:1': KB });
  await put('out:0', 10);
  await store.release(jobId, 'mine');
  expect(await used()).toBe(10 + KB);
  await redis.hset(keys.job(jobId), 'finishedOn', String(Date.now()));
  expect(await reserve({ 'out:2': KB })).toEqual({ type: 'lost' });
  await store.release(jobId);
  expect([await used(), (await store.head(jobId, 'out:0'))?.bytes]).toEqual([10, 10]);
});

test('room that a dead worker has reserved stays for the next run, and goes with the end of the job or with the job', async () => {
  const ended = await making();
  await ended.reserve({ 'out:0': KB });
  await ended.redis.del(ended.keys.lock(ended.jobId)); // its worker is gone
  await ended.upkeep(61_000);
  expect(await ended.used()).toBe(KB);
  await ended.redis.hset(ended.keys.job(ended.jobId), 'finishedOn', String(Date.now()));
  await ended.upkeep(100_000);
  expect([await ended.used(), await ended.redis.keys(`${ended.keys.files.of('')}*`)]).toEqual([0, []]);

  const gone = await making();
  await gone.reserve({ 'out:0': KB });
  await gone.redis.del(gone.keys.job(gone.jobId), gone.keys.lock(gone.jobId));
  await gone.upkeep(61_000);
  expect([await gone.used(), await gone.redis.keys(`${gone.keys.files.of('')}*`)]).toEqual([0, []]);
});
