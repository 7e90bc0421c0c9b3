/** Our API for a benchmark: as `npm run start:api` starts it, with every limit on and out of reach. */
import { flashcards } from '../src/kinds/flashcards.ts';
import { KNOWN } from '../src/jobs/process-registry.ts';
import { Registration } from '../src/jobs/worker-registry.ts';
import { type Part, startPart } from './processes.ts';
import { ownClock, PREFIX } from './redis.ts';
import { HEAP_FLAGS } from '../scripts/node-flags.ts';
import { Store } from '../src/store/store.ts';
import type { RedisClient } from '../src/store/redis-client.ts';

const OUT_OF_REACH = '1000000000';

/** Starts the API. `env`, `flags`: variables and flags of Node beside those that all benches have. */
export function startOurApi(url: string, env: Record<string, string> = {}, flags: string[] = []): Promise<Part> {
  const bounds = ['RATE_LIMIT_MAX', 'MAX_QUEUE_DEPTH', 'MAX_JOBS_PER_USER', 'DAILY_TOKENS_PER_USER', 'MAX_STREAMS_PER_USER', 'MAX_STREAMS'];
  return startPart(
    '../src/main.ts',
    {
      REDIS_URL: url,
      REDIS_KEY_PREFIX: PREFIX,
      PORT: '0',
      HOST: '127.0.0.1',
      AUTH: 'trusted-header',
      LOG_LEVEL: 'silent',
      ...Object.fromEntries(bounds.map((name) => [name, OUT_OF_REACH])),
      ...env,
    },
    [...HEAP_FLAGS.api, ...flags],
  );
}

/** Writes a worker into the registry that does flashcards and takes no jobs, as the API finds one in a deployment. Returns what removes it. */
export async function registerWorker(redis: RedisClient): Promise<() => Promise<void>> {
  const description = {
    name: 'bench',
    version: 'bench',
    concurrency: 1,
    knows: KNOWN,
    kinds: { [flashcards.name]: { available: true, provider: 'bench', answers: 'bench' } as const },
  };
  const registration = new Registration(new Store(redis, PREFIX, ownClock), 'bench', description, console.error);
  await registration.register();
  return () => registration.leave();
}
