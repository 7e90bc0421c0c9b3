/** What a stream costs here against raw node:http, Hono's streamSSE, better-sse and nginx with nchan, in one run. */
import { Agent, request } from 'node:http';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { hasNchan, startNchan } from './nchan.ts';
import { type Part, startPart } from './processes.ts';
import { holdJobs, PREFIX, startRedis, type Store } from './redis.ts';
import { eventData } from './servers/publish.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const IDLE = 5000;
const FOLLOWERS = 300;
const EVENTS = 200;

type Usage = { cpu: number; rss: number };

/** A contender: how it is started, where its followers connect, how it is made to send events. */
type Contender = {
  name: string;
  start(): Promise<{
    usage(): Promise<Usage>;
    settled(): Promise<Usage>;
    urls(count: number): string[];
    publish(count: number, perSecond: number, size?: number): Promise<void>;
    stop(): Promise<void>;
  }>;
};

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const pace = (perSecond: number) => new Promise((resolve) => setTimeout(resolve, 1000 / perSecond));

const plain = (name: string, file: string): Contender => ({
  name,
  async start() {
    const part = await startPart(file);
    return {
      usage: part.usage,
      settled: part.settled,
      urls: (count) => Array.from({ length: count }, () => `http://127.0.0.1:${part.port}/`),
      publish: async (count, perSecond) => void (await part.ask({ publish: count, perSecond }, 'published')),
      stop: part.stop,
    };
  },
});

/** The API as it is deployed: tokens checked, the journal read, rows published in Redis. */
const ours = (store: Store): Contender => ({
  name: 'ai-jobs',
  async start() {
    const api = await startApi(store);
    const held = await holdJobs(store.url, 1, 'bench');
    const [job] = held.jobs;
    const status = (await (
      await fetch(`http://127.0.0.1:${api.port}/api/jobs/${job?.id}`, { headers: { 'user-id': 'bench' } })
    ).json()) as { streamUrl: string };
    return {
      usage: api.usage,
      settled: api.settled,
      urls: (count) => Array.from({ length: count }, () => `http://127.0.0.1:${api.port}${status.streamUrl}`),
      async publish(count, perSecond, size = 100) {
        for (let seq = 1; seq <= count; seq++) {
          const row = { ...JSON.parse(eventData(seq)), seq: undefined, value: { front: `front ${seq}`, back: 'x'.repeat(size) } };
          await Promise.all([job?.journal.append(row, { percent: 1, stage: 'x', items: seq }), pace(perSecond)]);
        }
      },
      async stop() {
        await held.close();
        await api.stop();
      },
    };
  },
});

const nchan: Contender = {
  name: 'nginx + nchan',
  async start() {
    const server = await startNchan(await freePort());
    return {
      usage: server.usage,
      settled: server.usage,
      urls: (count) => Array.from({ length: count }, () => `http://127.0.0.1:${server.port}/`),
      async publish(count, perSecond) {
        for (let seq = 1; seq <= count; seq++)
          await Promise.all([fetch(`http://127.0.0.1:${server.port}/pub`, { method: 'POST', body: eventData(seq) }), pace(perSecond)]);
      },
      stop: server.stop,
    };
  },
};

/** The API with the flags of its npm script. */
const startApi = (store: Store): Promise<Part> =>
  startPart(
    '../src/main.ts',
    { REDIS_URL: store.url, REDIS_KEY_PREFIX: PREFIX, PORT: '0', HOST: '127.0.0.1', AUTH: 'trusted-header', LOG_LEVEL: 'warn' },
    ['--max-semi-space-size=4'],
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

type Cost = { memory: number; settled: number; cpu: number };

/** Bytes an idle follower takes, as the process stands or once all garbage is collected. */
async function idleMemory(contender: Contender, what: 'usage' | 'settled'): Promise<number> {
  const clients = await startPart('clients.ts');
  const server = await contender.start();
  await clients.ask({ open: server.urls(200) }, 'opened'); // what is loaded and compiled at the first request is not a follower's
  await clients.ask({ close: true }, 'closed');
  const empty = await server[what]();
  await clients.ask({ open: server.urls(IDLE) }, 'opened');
  const full = await server[what]();
  await server.stop();
  await clients.stop();
  return (full.rss - empty.rss) / IDLE;
}

/** What a follower costs: bytes while idle, and µs of CPU for each event it is sent. */
async function measure(contender: Contender): Promise<Cost> {
  const memory = await idleMemory(contender, 'usage');
  const settled = await idleMemory(contender, 'settled');
  const clients = await startPart('clients.ts');
  const busy = await contender.start();
  await clients.ask({ open: busy.urls(FOLLOWERS) }, 'opened');
  const before = await busy.usage();
  const seen = clients.ask({ until: EVENTS }, 'seen');
  await busy.publish(EVENTS, 100);
  await seen;
  const cpu = ((await busy.usage()).cpu - before.cpu) / (EVENTS * FOLLOWERS);
  await busy.stop();
  await clients.stop();
  return { memory, settled, cpu };
}

/** CPU an event takes: a bare QueueEvents reader, and a feed with 1,000 followers of 1,000 jobs beside it. */
async function demultiplex(store: Store): Promise<{ bare: number; feed: number }> {
  const jobs = 1000;
  const each = 50;
  const held = await holdJobs(store.url, jobs, 'bench');
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
  const [bare, feed] = (await Promise.all(done)).map(({ cpu }) => cpu / (jobs * each));
  await Promise.all(readers.map((reader) => reader.stop()));
  await held.close();
  return { bare: bare ?? 0, feed: feed ?? 0 };
}

/** ms from submission to `completed`: through BullMQ alone, and through API, worker and stream. */
async function journey(store: Store): Promise<{ bare: number; ours: number }> {
  const jobs = 500;
  const bareQueue = await startPart('servers/bare-queue.ts', { REDIS_URL: store.url });
  const warm = { jobs: 100, perSecond: 100 };
  await bareQueue.ask(warm, 'times');
  const { times } = await bareQueue.ask<{ times: number[] }>({ jobs, perSecond: 100 }, 'times');
  await bareQueue.stop();

  const api = await startApi(store);
  const worker = await startPart('servers/no-work.ts', {
    REDIS_URL: store.url,
    REDIS_KEY_PREFIX: PREFIX,
    AI_PROVIDER: 'offline',
    WORKER_CONCURRENCY: '10',
    WORKER_RATE_MAX: '100000',
  });
  const agent = new Agent({ keepAlive: true });
  const submit = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const start = performance.now();
      const headers = { 'content-type': 'application/json', accept: 'text/event-stream', 'user-id': 'bench' };
      const call = request(
        { port: api.port, host: '127.0.0.1', path: '/api/ai/generate-flashcards', method: 'POST', agent, headers },
        (response) => {
          response.on('data', (chunk: Buffer) => chunk.includes('event: completed') && resolve(performance.now() - start));
        },
      );
      call.on('error', reject);
      call.end('{"content":"nothing"}');
    });
  const run = async (count: number): Promise<number[]> => {
    const waits: Promise<number>[] = [];
    for (let n = 0; n < count; n++) {
      waits.push(submit());
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

/** ms (p99) from row to client among 1,000 followers and 100 MB, with and without 1 % who do not read; bytes held for each of those. */
async function stalled(store: Store): Promise<{ calm: number; beside: number; held: number }> {
  const once_ = async (stuck: number) => {
    const server = await ours(store).start();
    const clients = await startPart('clients.ts');
    await clients.ask({ open: server.urls(1000), stalled: stuck }, 'opened');
    const before = await server.settled();
    const seen = clients.ask<{ seen: { p99: number } }>({ until: 100 }, 'seen');
    await server.publish(100, 15, 900);
    const { p99 } = (await seen).seen;
    const rss = (await server.settled()).rss - before.rss;
    await server.stop();
    await clients.stop();
    return { p99, rss };
  };
  const [calm, beside] = [await once_(0), await once_(10)];
  return { calm: calm.p99, beside: beside.p99, held: Math.max(beside.rss - calm.rss, 0) / 10 };
}

const store = await startRedis();
const contenders = [
  plain('raw node:http', 'servers/raw.ts'),
  ours(store),
  plain('better-sse', 'servers/better-sse.ts'),
  plain('Hono streamSSE', 'servers/hono.ts'),
  ...(hasNchan() ? [nchan] : []),
];
const results = new Map<string, Cost[]>(contenders.map(({ name }) => [name, []]));
const demux: { bare: number; feed: number }[] = [];
const journeys: { bare: number; ours: number }[] = [];
const stalls: { calm: number; beside: number; held: number }[] = [];
try {
  for (let round = 1; round <= ROUNDS; round++) {
    process.stdout.write(`round ${round} of ${ROUNDS}\n`);
    for (const contender of contenders) {
      results.get(contender.name)?.push(await measure(contender));
    }
    demux.push(await demultiplex(store));
    journeys.push(await journey(store));
    stalls.push(await stalled(store));
  }
} finally {
  store.stop();
}

const of = (name: string, what: keyof Cost) => median(results.get(name)?.map((cost) => cost[what]) ?? []);
const rows = contenders.map(({ name }) => {
  const cells = (['memory', 'settled', 'cpu'] as const).map((what) => {
    const value = of(name, what) / (what === 'cpu' ? 1 : 1024);
    return `${value.toFixed(1)} | ${(of(name, what) / of('raw node:http', what)).toFixed(2)}`;
  });
  return `| ${name} | ${cells.join(' | ')} |`;
});
const mid = <T extends Record<string, number>>(list: T[], key: keyof T) => median(list.map((one) => one[key] ?? Number.NaN));
const text = `# What a stream costs

\`npm run bench -- stream\`: ${ROUNDS} rounds, contenders interleaved, medians; each server a process of its own with Node ${process.versions.node},
${IDLE} idle followers, ${EVENTS} events to ${FOLLOWERS} followers at 100 events/s. Machines differ, and are shared: read the ratios.
ai-jobs is the API as \`npm run start:api\` starts it (tokens checked, journal read, events through Redis), the others send from memory.

| | idle follower, KiB | × raw | the same, garbage collected | × raw | CPU an event and follower, µs | × raw |
|---|---|---|---|---|---|---|
${rows.join('\n')}

| | floor | here | ratio |
|---|---|---|---|
| 1,000 followers of 1,000 jobs, 50,000 events: CPU an event, µs (floor: a bare QueueEvents reader) | ${mid(demux, 'bare').toFixed(1)} | ${mid(demux, 'feed').toFixed(1)} | ${(mid(demux, 'feed') / mid(demux, 'bare')).toFixed(2)} |
| submit to \`completed\` at the client, 100 jobs/s, no work, p50 in ms (floor: BullMQ in one process) | ${mid(journeys, 'bare').toFixed(2)} | ${mid(journeys, 'ours').toFixed(2)} | ${(mid(journeys, 'ours') / mid(journeys, 'bare')).toFixed(2)} |
| row to client, 1,000 followers, 100 MB, p99 in ms (floor: all read; here: 1 % do not) | ${mid(stalls, 'calm').toFixed(0)} | ${mid(stalls, 'beside').toFixed(0)} | ${(mid(stalls, 'beside') / mid(stalls, 'calm')).toFixed(2)} |

Each follower that does not read takes ${(mid(stalls, 'held') / 1024).toFixed(0)} KiB more of the process than one that does; what the system's socket buffers hold is not in it.
`;
process.stdout.write(`\n${text}`);
writeFileSync(new URL('results/stream.md', import.meta.url), text);
process.exit(0);
