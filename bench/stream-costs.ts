/** What a follower costs a server of streams: memory while nothing happens, and CPU for each event. */
import { step } from './harness.ts';
import { type Part, startPart } from './processes.ts';
import type { StreamContender, StreamServer } from './stream-servers.ts';

/** How much is measured: idle followers, and events for other followers. */
export type StreamExtent = { idle: number; followers: number; events: number };

/** What is measured. Memory in KiB for each idle follower, CPU in µs for each event and follower. */
export type StreamFigure = 'memory' | 'settled' | 'cpu';

/** Readings of the memory between the first follower and the last one. */
const READINGS = 10;

/** Measures one contender, in two processes of it. */
export async function measureStreams({ name, start }: StreamContender, extent: StreamExtent): Promise<Record<StreamFigure, number>> {
  const memory = await step(`${name}: idle followers`, 120, () =>
    withClients(start, (server, clients) => idle(server, clients, extent.idle)),
  );
  const cpu = await step(`${name}: events`, 120, () => withClients(start, (server, clients) => busy(server, clients, extent)));
  return { ...memory, cpu };
}

/** Starts a server and its clients, does something with them, and stops both. */
export async function withClients<T>(
  start: () => Promise<StreamServer>,
  work: (server: StreamServer, clients: Part) => Promise<T>,
): Promise<T> {
  const [server, clients] = [await start(), await startPart('clients.ts')];
  const result = await work(server, clients);
  await clients.stop(); // first, because a stream that ends is an error for it
  await server.stop();
  return result;
}

/**
 * Memory grows in steps, and garbage comes and goes. So the memory as the process stands is the slope of a line through
 * readings at many numbers of followers.
 */
async function idle({ url, usage, settled }: StreamServer, clients: Part, count: number): Promise<{ memory: number; settled: number }> {
  const open = (followers: number) => clients.ask({ open: Array.from({ length: followers }, () => url) }, 'opened');
  await open(200); // what is loaded and compiled at the first request is not a follower's
  await clients.ask({ close: true }, 'closed');
  const empty = await settled();
  const points: [followers: number, rss: number][] = [];
  for (let n = 1; n <= READINGS; n++) {
    await open(count / READINGS);
    points.push([(n * count) / READINGS, (await usage()).rss]);
  }
  return { memory: slope(points) / 1024, settled: ((await settled()).rss - empty.rss) / count / 1024 };
}

/** The slope of the line that fits the points best. */
function slope(points: readonly [x: number, y: number][]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [middleX, middleY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const product = points.reduce((sum, [x, y]) => sum + (x - middleX) * (y - middleY), 0);
  return product / points.reduce((sum, [x]) => sum + (x - middleX) ** 2, 0);
}

async function busy({ url, usage, publish }: StreamServer, clients: Part, { followers, events }: StreamExtent): Promise<number> {
  await clients.ask({ open: Array.from({ length: followers }, () => url) }, 'opened');
  const before = await usage();
  const seen = clients.ask({ until: events }, 'seen');
  await publish(events, 100);
  await seen;
  return ((await usage()).cpu - before.cpu) / (events * followers);
}
