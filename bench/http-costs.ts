/** What a request costs a server: CPU, pace, latency, and the work of Redis. */
import { type Column, median } from './figures.ts';
import { step } from './harness.ts';
import { closedLoop, openConnections, openLoop, type Target } from './load.ts';
import type { Part } from './processes.ts';
import { readUsage, usagePer } from './redis-usage.ts';
import type { Place } from './redis.ts';
import type { Contender } from './rounds.ts';

/** How many connections always have a request on its way in a block. */
export const CONNECTIONS = 50;

/** What is measured. CPU in µs for each request, latency in ms, counts for each request. */
export type HttpFigure = 'apiCpu' | 'redisCpu' | 'perSecond' | 'p50' | 'p99' | 'commands' | 'trips' | 'commandsAlone' | 'tripsAlone';

/** The columns of a result that say what a request costs. */
export const COSTS: readonly Column<HttpFigure>[] = [
  ['API CPU, µs', 'apiCpu', 0],
  ['Redis CPU, µs', 'redisCpu', 0],
  ['requests/s', 'perSecond', 0],
  ['p50, ms', 'p50', 2],
  ['p99, ms', 'p99', 2],
];

/** The columns that say what Redis does for a request. */
export const COUNTS: readonly Column<HttpFigure>[] = [
  ['commands, alone', 'commandsAlone', 1],
  ['trips, alone', 'tripsAlone', 1],
  [`commands, ${CONNECTIONS} at once`, 'commands', 1],
  [`trips, ${CONNECTIONS} at once`, 'trips', 2],
];

/** What the guard compares, and how much worse each may become. It is not the trips of many requests: how many fall together differs by chance. */
export const GUARDED = { apiCpu: 1.3, redisCpu: 1.25, commands: 1.1, commandsAlone: 1.05, tripsAlone: 1.5 };

/** A server under test. */
export type HttpServer = {
  part: Part;
  target: Target;
  /** Throws if the server has not done what it said it did. `requests`: how many it has answered. */
  check?(requests: number): Promise<void>;
};

/** How many requests a server gets in a round: to warm up, in each block, and one at a time. And for how many s they come at half of capacity, 0 for not at all. */
export type HttpExtent = { warm: number; block: number; alone: number; seconds: number };

/** Makes a contender out of a server. */
export function httpContender(
  name: string,
  start: (place: Place) => Promise<HttpServer>,
  { warm, block, alone, seconds }: HttpExtent,
): Contender<HttpFigure> {
  return {
    name,
    async start(place) {
      const server = await start(place);
      let requests = 0;
      const paces: number[] = [];

      const measure = async (connections: number, count: number) => {
        requests += count;
        return measureRequests(server, place, connections, count);
      };
      const atHalfCapacity = async () => {
        const perSecond = median(paces) / 2;
        const count = Math.ceil(perSecond * seconds);
        requests += count;
        return step(`${name}: at half of capacity`, 60 + seconds, () => openLoop(server.target, perSecond, count));
      };
      await step(`${name}: warming up`, 120, () => measure(CONNECTIONS, warm));
      return {
        async block() {
          const sample = await step(`${name}: ${CONNECTIONS} connections`, 60, () => measure(CONNECTIONS, block));
          paces.push(sample.perSecond);
          return sample;
        },
        async finish() {
          const { commands, trips } = await step(`${name}: one by one`, 60, () => measure(1, alone));
          const latency = seconds === 0 ? {} : await atHalfCapacity();
          await server.check?.(requests);
          await server.part.stop();
          return { commandsAlone: commands, tripsAlone: trips, ...latency };
        },
      };
    },
  };
}

/** Sends `count` requests over so many connections, and measures what Redis and the server use meanwhile. */
async function measureRequests({ part, target }: HttpServer, { redis }: Place, connections: number, count: number) {
  const open = await openConnections(target, connections);
  const [redisBefore, before] = [await readUsage(redis), await part.usage()];
  const seconds = await closedLoop(open, count);
  const [after, redisAfter] = [await part.usage(), await readUsage(redis)];
  open.forEach(({ close }) => close());
  const { cpu: redisCpu, commands, trips } = usagePer(count, redisBefore, redisAfter);
  return { apiCpu: (after.cpu - before.cpu) / count, redisCpu, perSecond: count / seconds, commands, trips };
}
