/** What the parts of a stream's way cost beside their floor: from event to follower, from submission to end, and beside clients that do not read. */
import { Agent, request } from 'node:http';
import { median } from './figures.ts';
import { startOurApi } from './ours.ts';
import { startPart } from './processes.ts';
import { holdJobs, PREFIX, type RedisServer } from './redis.ts';
import { withClients } from './stream-costs.ts';
import { pace, startOurs } from './stream-servers.ts';

/** CPU in µs that an event takes: in a bare QueueEvents reader, and in a feed with a follower for each of `jobs` jobs. `each`: events for each job. */
export async function demultiplex(store: RedisServer, jobs: number, each: number): Promise<{ bare: number; feed: number }> {
  const held = await holdJobs(store.url, jobs);
  const readers = await Promise.all(['bare', 'feed'].map((MODE) => startPart('demux.ts', { MODE, REDIS_URL: store.url })));
  const follow = held.jobs.map(({ id }) => id);
  await Promise.all(readers.map((reader) => reader.ask({ follow, events: jobs * each }, 'following')));
  const done = readers.map((reader) => reader.ask<{ cpu: number }>({}, 'done'));
  for (let n = 1; n <= each; n++) {
    await Promise.all(
      held.jobs.map(({ journal }) =>
        journal.append({ type: 'progress', attempt: 1, percent: n, stage: 'x' }, { percent: n, stage: 'x', items: 0 }),
      ),
    );
  }
  const [bare = Number.NaN, feed = Number.NaN] = (await Promise.all(done)).map(({ cpu }) => cpu / (jobs * each));
  await Promise.all(readers.map((reader) => reader.stop()));
  await held.close();
  return { bare, feed };
}

/** ms (p50) from submission to `completed`, at 100 jobs/s: through BullMQ alone, and through API, worker and stream. */
export async function journey(store: RedisServer, jobs: number): Promise<{ bare: number; ours: number }> {
  const warm = { jobs: Math.ceil(jobs / 5), perSecond: 100 };
  const bareQueue = await startPart('servers/bare-queue.ts', { REDIS_URL: store.url });
  await bareQueue.ask(warm, 'times');
  const { times } = await bareQueue.ask<{ times: number[] }>({ jobs, perSecond: 100 }, 'times');
  await bareQueue.stop();

  const api = await startOurApi(store.url);
  const worker = await startPart('servers/no-work.ts', {
    REDIS_URL: store.url,
    REDIS_KEY_PREFIX: PREFIX,
    AI_PROVIDER: 'offline',
    WORKER_CONCURRENCY: '10',
    WORKER_RATE_MAX: '1000000000',
  });
  const agent = new Agent({ keepAlive: true });
  const run = async (count: number): Promise<number[]> => {
    const waits: Promise<number>[] = [];
    for (let n = 0; n < count; n++) {
      waits.push(submitAndWatch(api.port, agent));
      await pace(100);
    }
    return Promise.all(waits);
  };
  await run(warm.jobs);
  const through = await run(jobs);
  agent.destroy();
  await Promise.all([api.stop(), worker.stop()]);
  return { bare: median(times), ours: median(through) };
}

/** Submits a job by POST with its stream as the answer. Resolves with the ms until its `completed`. */
function submitAndWatch(port: number, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream', 'user-id': 'bench' };
    const call = request({ port, host: '127.0.0.1', path: '/api/ai/generate-flashcards', method: 'POST', agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`a submission was answered with ${response.statusCode}`));
      response.on('data', (chunk: Buffer) => chunk.includes('event: completed') && resolve(performance.now() - start));
      response.on('end', () => reject(new Error('a stream has ended before its job had completed')));
    });
    call.on('error', reject);
    call.end('{"content":"nothing"}');
  });
}

/**
 * ms (p99) from row to client among many followers, with and without 1 % who do not read; KiB held for each of those.
 * `followers`: at least 100; `events`: of 1 KB each, as many are sent.
 */
export async function stalled(
  store: RedisServer,
  followers: number,
  events: number,
): Promise<{ calm: number; beside: number; held: number }> {
  const measure = (stuck: number) =>
    withClients(
      () => startOurs(store),
      async ({ url, settled, publish }, clients) => {
        await clients.ask({ open: Array.from({ length: followers }, () => url), stalled: stuck }, 'opened');
        const before = await settled();
        const seen = clients.ask<{ seen: { p99: number } }>({ until: events }, 'seen');
        await publish(events, 15, 900);
        const { p99 } = (await seen).seen;
        return { p99, rss: (await settled()).rss - before.rss };
      },
    );
  const stuck = Math.ceil(followers / 100);
  const [calm, beside] = [await measure(0), await measure(stuck)];
  return { calm: calm.p99, beside: beside.p99, held: Math.max(beside.rss - calm.rss, 0) / stuck / 1024 };
}
