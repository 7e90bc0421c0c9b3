/** All keys in Redis by their pattern: how many there are, what they take, and whether they expire. */
import { keysUnder } from '../src/store/keys.ts';
import { PREFIX } from './redis.ts';
import type { Redis } from 'ioredis';
import type { RedisClient } from '../src/store/redis-client.ts';

/** The keys of one pattern. `without`: those that never expire; `longestS`: the longest time to live of the others, in s. */
export type Pattern = { keys: number; bytes: number; without: number; longestS: number; bound: string | undefined };

/** What stands before the part of a key that names a user, a job, a file or a day; the longer one of two that fit is first. */
const NAMES = [
  'archive',
  'breaker',
  'file',
  'notify:again',
  'notify:gone',
  'notify:heard',
  'notify:of',
  'notify:user',
  'open',
  'rate',
  'reserved',
  'spent-usd',
  'spent',
  'user',
] as const;

/** What bounds the keys that have no expiry, by pattern. */
const BOUNDS: Record<string, string> = {
  'ai-jobs:JOB': 'the job: removed `JOB_RETENTION_S` after its end',
  'ai-jobs:JOB:logs': 'the job: removed with it',
  'ai-jobs:prioritized': 'one entry a waiting job',
  'ai-jobs:wait': 'one entry a waiting job',
  'ai-jobs:active': 'one entry a running job',
  'ai-jobs:delayed': 'one entry a job that is put off',
  'ai-jobs:completed': 'one entry a finished job',
  'ai-jobs:failed': 'one entry a failed job',
  'ai-jobs:stalled': 'one entry a running job',
  'ai-jobs:events': '10,000 entries, about',
  'ai-jobs:meta': 'one small hash',
  'ai-jobs-notifications:MESSAGE': 'the notification: removed seven days after its end',
  'ai-jobs-notifications:MESSAGE:logs': 'the notification: removed with it',
  'ai-jobs-notifications:completed': 'one entry a notification that is kept',
  'ai-jobs-notifications:failed': 'one entry a notification that is kept',
  'ai-jobs-notifications:delayed': 'one entry a notification that waits',
  'ai-jobs-notifications:wait': 'one entry a notification that waits',
  'ai-jobs-notifications:prioritized': 'one entry a notification that waits',
  'ai-jobs-notifications:active': 'one entry a notification that is being sent',
  'ai-jobs-notifications:stalled': 'one entry a notification that is being sent',
  'ai-jobs-notifications:marker': 'two entries at most',
  'ai-jobs-notifications:events': '100 entries, about',
  'ai-jobs-notifications:meta': 'one small hash',
  'ai-jobs-notifications:id': 'one number',
  'ai-jobs-notifications:pc': 'one number',
  'ai-jobs:marker': 'two entries at most',
  'ai-jobs:pc': 'one number',
  'ai-jobs:id': 'one number',
  'ai-jobs-KIND:prioritized': 'one entry a waiting job',
  'ai-jobs-KIND:wait': 'one entry a waiting job',
  'ai-jobs-KIND:active': 'one entry a running job',
  'ai-jobs-KIND:delayed': 'one entry a job that is put off',
  'ai-jobs-KIND:stalled': 'one entry a running job',
  'ai-jobs-KIND:marker': 'two entries at most',
  'ai-jobs-KIND:pc': 'one number',
  'stream-token-secret': 'one text',
  'webhook-secret': 'one text',
  files: 'one entry a file that is there',
  'files:due': 'one entry a job with files',
  'files:used': 'one entry a tenant with files',
  'notify:outbox': 'one entry a job that is to tell of its end',
  'notify:overdue': 'one entry a job that is to tell of its end',
  workers: 'one entry a worker of the last ten minutes',
  'workers:seen': 'one entry a worker of the last ten minutes',
  deadlines: 'one entry a job with a time of its own',
  coming: 'one entry a submission on its way',
  turns: 'one entry a tenant whose next turn is still to come',
  'turns:KIND': 'one entry a tenant whose next turn is still to come',
};

/** How many keys of a pattern are measured for their bytes; the others are taken to be like them. */
const MEASURED = 200;

/** Counts all keys under the benches' prefix, on a single server. */
export async function takeCensus(redis: RedisClient): Promise<Map<string, Pattern>> {
  const patterns = new Map<string, Pattern & { measured: number }>();
  for await (const keys of (redis as Redis).scanStream({ match: `${PREFIX}:*`, count: 1000 }) as AsyncIterable<string[]>) {
    const lives = await inOneTrip(redis, keys, (pipeline, key) => pipeline.ttl(key));
    const fresh = keys.filter((key) => (patterns.get(patternOf(key))?.measured ?? 0) < MEASURED);
    const sizes = await inOneTrip(redis, fresh, (pipeline, key) => pipeline.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'));
    for (const [n, key] of keys.entries()) {
      const name = patternOf(key);
      const pattern = patterns.get(name) ?? { keys: 0, bytes: 0, measured: 0, without: 0, longestS: 0, bound: BOUNDS[name] };
      patterns.set(name, pattern);
      const life = lives[n] ?? -2;
      pattern.keys++;
      if (life === -1) pattern.without++;
      pattern.longestS = Math.max(pattern.longestS, life);
    }
    for (const [n, key] of fresh.entries()) {
      const pattern = patterns.get(patternOf(key));
      if (!pattern) continue;
      pattern.measured++;
      pattern.bytes += sizes[n] ?? 0;
    }
  }
  return new Map(
    [...patterns].map(([name, { measured, bytes, ...pattern }]) => [name, { ...pattern, bytes: (bytes / measured) * pattern.keys }]),
  );
}

/** A key without what is in it of a kind, a job, a user or a day. */
function patternOf(key: string): string {
  const name = key.slice(PREFIX.length + 1);
  const base = keysUnder(PREFIX)
    .job('')
    .slice(PREFIX.length + 1);
  if (name.startsWith(base))
    return name.replace(/^(ai-jobs:)(?:[a-z-]+-[\w-]{20,}|de:.*)/, (key, queue: string) => queue + (key.includes(':de:') ? 'de:…' : 'JOB'));
  if (name.startsWith('ai-jobs-notifications:'))
    return name.replace(/^(ai-jobs-notifications:)(?!events$|meta$|marker$|pc$|id$)[\w-]{20,}/, '$1MESSAGE');
  const ofLane = name.replace(/^ai-jobs-[a-z-]+:/, 'ai-jobs-KIND:').replace(/^turns:.*/, 'turns:KIND');
  if (ofLane !== name) return ofLane;
  const known = NAMES.find((one) => name.startsWith(`${one}:`));
  return known ? `${known}:…` : name;
}

/** Whether all keys of a pattern expire, or are bounded in another way. */
export function isBounded({ without, bound }: Pattern): boolean {
  return without === 0 || bound !== undefined;
}

async function inOneTrip(
  redis: RedisClient,
  keys: string[],
  ask: (pipeline: ReturnType<RedisClient['pipeline']>, key: string) => unknown,
): Promise<number[]> {
  const pipeline = redis.pipeline();
  for (const key of keys) ask(pipeline, key);
  const answers = (await pipeline.exec()) ?? [];
  return answers.map(([error, value]) => {
    if (error) throw error;
    return Number(value);
  });
}
