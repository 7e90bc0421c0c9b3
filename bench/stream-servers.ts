/** The servers that the bench `stream` compares: ours, and others that send the same events. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Usage } from './probe.ts';
import { startOurApi } from './ours.ts';
import { startPart } from './processes.ts';
import { hasNchan, startNchan } from './nchan.ts';
import { holdJobs, type RedisServer } from './redis.ts';
import { eventData } from './servers/publish.ts';

/** A server of streams. */
export type StreamServer = {
  usage(): Promise<Usage>;
  /** The same once all garbage is collected. */
  settled(): Promise<Usage>;
  /** Where a follower connects. */
  url: string;
  /** Sends so many events to all followers, each with a text of `size` characters. */
  publish(count: number, perSecond: number, size?: number): Promise<void>;
  stop(): Promise<void>;
};

/** Who is compared. */
export type StreamContender = { name: string; start(): Promise<StreamServer> };

export const RAW = 'raw node:http';
export const OURS = 'ai-jobs';

/** All that run on this machine. */
export const streamContenders = (store: RedisServer): StreamContender[] => [
  plain(RAW, 'servers/raw.ts'),
  { name: OURS, start: () => startOurs(store) },
  plain('better-sse', 'servers/better-sse.ts'),
  plain('Hono streamSSE', 'servers/hono.ts'),
  ...(hasNchan() ? [{ name: 'nginx + nchan', start: startNginx }] : []),
];

const plain = (name: string, file: string): StreamContender => ({
  name,
  async start() {
    const { port, usage, settled, ask, stop } = await startPart(file);
    const publish = async (count: number, perSecond: number) => void (await ask({ publish: count, perSecond }, 'published'));
    return { usage, settled, url: `http://127.0.0.1:${port}/`, publish, stop };
  },
});

/** The API as it is deployed: tokens checked, the journal read, rows published in Redis. */
export async function startOurs(store: RedisServer): Promise<StreamServer> {
  const api = await startOurApi(store.url);
  const origin = `http://127.0.0.1:${api.port}`;
  const held = await holdJobs(store.url, 1);
  const [job] = held.jobs;
  const response = await fetch(`${origin}/api/jobs/${job?.id}`, { headers: { 'user-id': 'bench' } });
  if (!job || response.status !== 200) throw new Error(`the API answered ${response.status} when it was asked for a job`);
  const { streamUrl } = (await response.json()) as { streamUrl: string };
  return {
    usage: api.usage,
    settled: api.settled,
    url: origin + streamUrl,
    async publish(count, perSecond, size = 100) {
      for (let seq = 1; seq <= count; seq++) {
        const row = { ...JSON.parse(eventData(seq)), seq: undefined, value: { front: `front ${seq}`, back: 'x'.repeat(size) } };
        await Promise.all([job.journal.append(row, { percent: 1, stage: 'x', items: seq }), pace(perSecond)]);
      }
    },
    async stop() {
      await held.close();
      await api.stop();
    },
  };
}

async function startNginx(): Promise<StreamServer> {
  const { port, usage, stop } = await startNchan(await freePort());
  return {
    usage,
    settled: usage,
    url: `http://127.0.0.1:${port}/`,
    async publish(count, perSecond) {
      for (let seq = 1; seq <= count; seq++)
        await Promise.all([fetch(`http://127.0.0.1:${port}/pub`, { method: 'POST', body: eventData(seq) }), pace(perSecond)]);
    },
    stop,
  };
}

/** Waits as long as one event takes at this pace. */
export const pace = (perSecond: number) => new Promise((resolve) => setTimeout(resolve, 1000 / perSecond));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
