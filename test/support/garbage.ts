/** Garbage: what can be wrong with what is stored of a job. */
import { tenantOf } from '../../src/job/tenant.ts';
import type { Keys } from '../../src/store/keys.ts';
import type { Dice } from './dice.ts';
import type { RedisClient } from '../../src/store/redis-client.ts';

/** Does it to a job. */
type Harm = (redis: RedisClient, keys: Keys, id: string) => Promise<unknown>;

/** Makes a field of the record this text. */
export const field =
  (name: string, value: string): Harm =>
  (redis, keys, id) =>
    redis.hset(keys.job(id), name, value);
/** Replaces a structure by one of another type. */
export const become =
  (keyOf: (keys: Keys, id: string) => string, type: 'string' | 'list' | 'hash'): Harm =>
  async (redis, keys, id) => {
    const key = keyOf(keys, id);
    await redis.del(key);
    if (type === 'string') return redis.set(key, 'garbage');
    if (type === 'list') return redis.rpush(key, 'garbage');
    return redis.hset(key, 'garbage', '1');
  };

/** What can be wrong with a job that waits, and how it ends then. */
export const harms: [what: string, harm: Harm, end: 'completed' | 'failed' | 'either'][] = [
  ['data that is no JSON', field('data', 'garbage'), 'failed'],
  ['data that is cut off', field('data', '{"owner":"ana","tenant":"user:a'), 'failed'],
  ['no data', (redis, keys, id) => redis.hdel(keys.job(id), 'data'), 'failed'],
  ['data that is null', field('data', 'null'), 'failed'],
  ['data that is a number', field('data', '7'), 'failed'],
  ['data of another shape', field('data', '{"owner":{},"tenant":[],"input":"x"}'), 'failed'],
  ['options that are no JSON', field('opts', '{'), 'failed'],
  ['options that are null', field('opts', 'null'), 'failed'],
  ['no options', (redis, keys, id) => redis.hdel(keys.job(id), 'opts'), 'completed'],
  ['attempts that are no number', field('opts', '{"attempts":{}}'), 'completed'],
  ['no name', (redis, keys, id) => redis.hdel(keys.job(id), 'name'), 'failed'],
  ['an unknown name', field('name', 'generate-nonsense'), 'failed'],
  ['a count of starts that is no number', field('ats', '{}'), 'failed'],
  ['a count of attempts that is no number', field('atm', 'NaN'), 'failed'],
  ['a count of losses that is no number', field('stc', '1e400'), 'either'],
  ['a priority that is no number', field('priority', '{}'), 'completed'],
  ['a time that is no number', field('timestamp', '{}'), 'completed'],
  ['a time that is not finite', field('timestamp', 'inf'), 'completed'],
  ['progress that is no JSON', field('progress', '{'), 'failed'],
  ['an end that is no number', field('ai:end', '{}'), 'completed'],
  ['an end that is not finite', field('ai:end', 'inf'), 'completed'],
  ['a cancellation that is no time', field('ai:cancelled', '{}'), 'completed'],
  ['an attempt that is no number', field('ai:attempt', '{}'), 'completed'],
  ['usage that is no JSON', field('ai:usage', '{'), 'either'],
  ['a journal of garbage', (redis, keys, id) => redis.rpush(keys.logs(id), 'garbage', '{}', 'null', '{"type":"item"}', '[]'), 'completed'],
  ['a journal of another type', become((keys, id) => keys.logs(id), 'string'), 'failed'],
  ['a lock of another type', become((keys, id) => keys.lock(id), 'list'), 'completed'],
  ['a record of another type', become((keys, id) => keys.job(id), 'string'), 'failed'],
  ['a record that is a list', become((keys, id) => keys.job(id), 'list'), 'failed'],
  ['no record', (redis, keys, id) => redis.del(keys.job(id)), 'failed'],
];

/** Writes something wild into one of a job's structures; resolves with what it was. */
export async function scribble(dice: Dice, redis: RedisClient, keys: Keys, id: string): Promise<string> {
  const values = [
    '',
    'garbage',
    '{}',
    '[]',
    'null',
    '-1',
    '1e400',
    'NaN',
    '9'.repeat(30),
    '{"a":',
    '\u0000',
    '"'.repeat(9),
    '{"type":"item","seq":1}',
  ];
  const pick = <T>(list: readonly T[]): T => list[dice(list.length)] as T;
  const value = pick(values);
  const tenant = tenantOf('ana', undefined);
  const names = [
    'name',
    'data',
    'opts',
    'timestamp',
    'delay',
    'priority',
    'atm',
    'ats',
    'stc',
    'processedOn',
    'failedReason',
    'progress',
    'stacktrace',
    'returnvalue',
    'defa',
    'deid',
    'parent',
    'parentKey',
    'ai:end',
    'ai:result',
    'ai:usage',
    'ai:checkpoint',
    'ai:cancelled',
    'ai:attempt',
    'ai:why',
    'ai:putoffs',
    'ai:begun',
    'ai:provider',
    'ai:ready',
  ];
  const places = [keys.job(id), keys.logs(id), keys.lock(id)];
  const actions: [string, () => Promise<unknown>][] = [
    ...names.map((name): [string, () => Promise<unknown>] => [`${name} = ${value}`, () => redis.hset(keys.job(id), name, value)]),
    ...names.slice(0, 9).map((name): [string, () => Promise<unknown>] => [`no ${name}`, () => redis.hdel(keys.job(id), name)]),
    ...places.flatMap((key): [string, () => Promise<unknown>][] => [
      [`${key} = string`, () => redis.set(key, value)],
      [`no ${key}`, () => redis.del(key)],
    ]),
    [`row ${value}`, () => redis.rpush(keys.logs(id), value)],
    ['deadline -inf', () => redis.zadd(keys.deadlines, '-inf', value)],
    ['deadline +inf', () => redis.zadd(keys.deadlines, '+inf', id)],
    ['open +inf', () => redis.zadd(keys.open(tenant), '+inf', id)],
    ['open garbage', () => redis.zadd(keys.open(tenant), dice(100), value)],
    ['index garbage', () => redis.zadd(keys.jobsOf('ana'), 'inf', value)],
    ['index -inf', () => redis.zadd(keys.jobsOf('ana'), '-inf', id)],
    ['coming garbage', () => redis.zadd(keys.coming, 'inf', value)],
    ['turns garbage', () => redis.zadd(keys.turns(), '1e300', value)],
  ];
  const [what, act] = pick(actions);
  await act().catch(() => {}); // of another type already
  return what;
}
