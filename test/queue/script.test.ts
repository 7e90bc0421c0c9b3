/** Scripts from files: names, not positions, and a head that must agree with its caller. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defineScript } from '../../src/queue/script.ts';
import { openQueue } from '../support/queue.ts';

test('a script takes its keys and arguments by name', async () => {
  const { redis, keys } = await openQueue();
  const register = defineScript(redis, 'register_worker', { keys: ['workers', 'seen'], args: ['id', 'description', 'keptMs'] });
  await register({ keptMs: 5000, description: 'd', id: 'i', seen: keys.workersSeen, workers: keys.workers });
  expect(await redis.hgetall(keys.workers)).toEqual({ i: 'd' });
});

test.each<[string, string[], string[]]>([
  ['a key less', ['workers'], ['id', 'description', 'keptMs']],
  ['another order', ['workers', 'seen'], ['description', 'id', 'keptMs']],
  ['another name', ['workers', 'seen'], ['id', 'description', 'kept']],
])('a caller with %s is refused when the script is loaded', async (_, keys, args) => {
  const { redis } = await openQueue();
  expect(() => defineScript(redis, 'register_worker', { keys, args })).toThrow('scripts/register_worker.lua has the');
});

test('every script begins with a head that names KEYS, ARGV and what it returns', async () => {
  const { redis } = await openQueue();
  const files = readdirSync(new URL('../../src/queue/scripts/', import.meta.url)).filter((name) => name.endsWith('.lua'));
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) {
    // Loaded with other names, each must get as far as comparing them.
    expect(() => defineScript(redis, file.slice(0, -'.lua'.length), { keys: ['no'], args: [] })).toThrow('and its caller no');
  }
});
