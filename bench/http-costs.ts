/** What requests cost servers that do the same thing: CPU, pace, latency, and the work of Redis. All servers run at once and take turns. */
import type { Redis } from 'ioredis';
import { connect } from '../src/queue/redis-connection.ts';
import { median } from './figures.ts';
import { step } from './harness.ts';
import { closedLoop, openConnections, openLoop, type Target } from './load.ts';
import type { Part } from './processes.ts';
import { readUsage, usagePer } from './redis-usage.ts';
import { startRedis } from './redis.ts';

/** Who is compared. */
export type HttpContender = {
  name: string;
  /** Starts the server over a database of Redis that is empty and its own. */
  start(place: Place): Promise<HttpServer>;
};

/** A database of Redis. */
export type Place = { url: string; redis: Redis };

/** A server under test. */
export type HttpServer = {
  part: Part;
  target: Target;
  /** Throws if the server has not done what it said it did. `requests`: how many it has answered. */
  check?(requests: number): Promise<void>;
};

/** How much is measured. */
export type Extent = {
  /** How often all servers are started anew. */
  rounds: number;
  /** Requests of each server in a round: to warm up; one at a time, to count what Redis does; and in each block at `CONNECTIONS` connections. */
  warm: number;
  alone: number;
  block: number;
  /** Blocks of each server in a round. */
  blocks: number;
  /** How long requests come at half of capacity, in s; 0 for not at all. */
  seconds: number;
};

/** How many connections always have a request on its way in a block. */
export const CONNECTIONS = 50;

/** A contender's figures, each measured several times. CPU in µs for each request, latency in ms, counts for each request. */
export type HttpCosts = Record<
  'apiCpu' | 'redisCpu' | 'perSecond' | 'commands' | 'trips' | 'commandsAlone' | 'tripsAlone' | 'p50' | 'p99',
  number[]
>;

/** Measures. Returns each contender's figures by its name. */
export async function compareServers(contenders: readonly HttpContender[], extent: Extent): Promise<Map<string, HttpCosts>> {
  const store = await startRedis();
  const places = contenders.map((_, n) => {
    const url = `${store.url}/${n}`;
    return { url, redis: connect(url, 'wait', console.error) };
  });
  const runs = contenders.map((contender, n) => createRun(contender, places[n] as Place, extent));
  for (let round = 1; round <= extent.rounds; round++) {
    process.stderr.write(`round ${round} of ${extent.rounds}\n`);
    for (const { start } of runs) await start();
    for (let block = 0; block < extent.blocks; block++) {
      for (let n = 0; n < runs.length; n++) await runs[(block + n) % runs.length]?.measureBlock();
    }
    for (const { measureLatency } of runs) await measureLatency();
    for (const { stop } of runs) await stop();
  }
  for (const { redis } of places) redis.disconnect();
  store.stop();
  return new Map(runs.map(({ name, costs }) => [name, costs]));
}

/** A contender on its way through the rounds. */
function createRun({ name, start }: HttpContender, place: Place, { warm, alone, block, seconds }: Extent) {
  const { redis } = place;
  const costs: HttpCosts = {
    apiCpu: [],
    redisCpu: [],
    perSecond: [],
    commands: [],
    trips: [],
    commandsAlone: [],
    tripsAlone: [],
    p50: [],
    p99: [],
  };
  let server: HttpServer | undefined;
  let requests = 0;
  /** The pace of the blocks of this round. */
  let paces: number[] = [];

  const running = (): HttpServer => {
    if (!server) throw new Error(`${name} does not run`);
    return server;
  };
  /** Sends `count` requests over so many connections. Returns the seconds it took, and what Redis and the server have used. */
  const measure = async (connections: number, count: number) => {
    const { part, target } = running();
    const open = await openConnections(target, connections);
    const [redisBefore, before] = [await readUsage(redis), await part.usage()];
    const sec = await closedLoop(open, count);
    const [after, redisAfter] = [await part.usage(), await readUsage(redis)];
    open.forEach(({ close }) => close());
    requests += count;
    return { seconds: sec, cpu: (after.cpu - before.cpu) / count, ofRedis: usagePer(count, redisBefore, redisAfter) };
  };

  return {
    name,
    costs,
    async start() {
      await redis.flushdb();
      [requests, paces] = [0, []];
      server = await start(place);
      await step(`${name}: warming up`, 60, () => measure(CONNECTIONS, warm));
      const { commands, trips } = (await step(`${name}: one by one`, 30, () => measure(1, alone))).ofRedis;
      costs.commandsAlone.push(commands);
      costs.tripsAlone.push(trips);
    },
    async measureBlock() {
      const took = await step(`${name}: at ${CONNECTIONS} connections`, 60, () => measure(CONNECTIONS, block));
      costs.apiCpu.push(took.cpu);
      costs.redisCpu.push(took.ofRedis.cpu);
      costs.commands.push(took.ofRedis.commands);
      costs.trips.push(took.ofRedis.trips);
      costs.perSecond.push(block / took.seconds);
      paces.push(block / took.seconds);
    },
    async measureLatency() {
      if (seconds === 0) return;
      const perSecond = median(paces) / 2;
      const count = Math.ceil(perSecond * seconds);
      const { p50, p99 } = await step(`${name}: at half of capacity`, 30 + seconds, () => openLoop(running().target, perSecond, count));
      requests += count;
      costs.p50.push(p50);
      costs.p99.push(p99);
    },
    async stop() {
      await running().check?.(requests);
      await running().part.stop();
    },
  };
}
