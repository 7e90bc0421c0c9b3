/**
 * What hosts ask for what jobs need: their published prices, each with the page and the day that it
 * is of, and the reckoning. `npm run size` shows it; the handbook's table is printed by it.
 */
import { FIGURES, type Need, UTILISATION } from './sizing.ts';

/** Where prices were read, and of which day the page was. `kept`: who keeps a copy of the page, where it was not read itself. */
type Source = { page: string; date: string; kept?: string };

/** Dollars a month. What is used is billed; `least`: the plan that a team needs. */
export const RAILWAY = {
  source: { page: 'https://docs.railway.com/pricing/plans', date: '2026-08-07' } satisfies Source,
  core: 20,
  memoryGb: 10,
  volumeGb: 0.15,
  egressGb: 0.05,
  least: 20,
};

/** Dollars a month for each process. `cores` and `memoryGb`: what it has. */
export const RENDER = {
  source: { page: 'https://render.com/pricing', date: '2026-05-04', kept: 'github.com/api-evangelist/render' } satisfies Source,
  plans: [
    { name: 'Starter', cores: 0.5, memoryGb: 0.5, usd: 7 },
    { name: 'Standard', cores: 1, memoryGb: 2, usd: 25 },
    { name: 'Pro', cores: 2, memoryGb: 4, usd: 85 },
  ],
};

/**
 * Dollars for 30 days of a `shared-cpu-1x` with 256 MB, and for each GB more, 2 GB at most. It may use
 * its core for 6.25 % of the time. A price of faster machines that has a date was not found.
 */
export const FLY = {
  source: { page: 'https://fly.io/docs/about/pricing', date: '2026-08-05' } satisfies Source,
  machine: {
    usd: 2.02,
    memoryGb: 0.25,
    mostGb: 2,
    cores: 0.0625,
    source: { page: 'https://alejo.ink/details/fly-pricing-and-sleep', date: '2026-06-07' } satisfies Source,
  },
  memoryGb: 5,
  egressGb: 0.02,
};

/**
 * Dollars a month of a Redis of so many GB, whatever the number of commands. The date is that of the
 * vendor's own repository of its documentation.
 */
export const UPSTASH = {
  source: { page: 'https://upstash.com/docs/redis/overall/billing', date: '2026-08-21' } satisfies Source,
  plans: [
    { memoryGb: 0.25, usd: 10 },
    { memoryGb: 1, usd: 20 },
    { memoryGb: 5, usd: 100 },
    { memoryGb: 10, usd: 200 },
    { memoryGb: 50, usd: 400 },
    { memoryGb: 100, usd: 800 },
    { memoryGb: 500, usd: 1500 },
  ],
};

/** The hours of a month, and the bytes of a GB as hosts count it. */
const [HOURS, GB] = [730, 1e9];

/** What a month costs where every hour is the busiest, in dollars. What has no known price is undefined. */
export type Month = {
  /** All of it: processes, Redis with its disk, and what is sent. */
  railway: number;
  /** The processes alone: the prices of its Redis were not found. */
  render: number | undefined;
  /** The processes and what is sent. */
  fly: number | undefined;
  /** Redis alone. */
  upstash: number | undefined;
};

/** One process of a sort: how much of a core it takes, and its memory. */
type Process = { count: number; cores: number; memoryGb: number };

/** Reckons a month of what jobs need. */
export function monthOf(need: Need): Month {
  const sentGb = (need.jobsPerSecond * 3600 * HOURS * FIGURES.sentBytes) / GB;
  const processes: Process[] = [
    { count: need.workers, cores: need.workersCpu / need.workers, memoryGb: FIGURES.workerBytes / GB },
    { count: need.apis, cores: need.apisCpu / need.apis, memoryGb: (FIGURES.apiBytes + need.streamBytesOfApi) / GB },
  ];
  return {
    railway: Math.max(RAILWAY.least, onRailway(processes, need) + sentGb * RAILWAY.egressGb),
    render: sumOf(processes, renderPlan),
    fly: plus(sumOf(processes, flyMachine), sentGb * FLY.egressGb),
    upstash: UPSTASH.plans.find(({ memoryGb }) => memoryGb * UTILISATION >= need.redisBytes / GB)?.usd,
  };
}

function onRailway(processes: readonly Process[], { redisCpu, redisBytes }: Need): number {
  const redis = { count: 1, cores: redisCpu, memoryGb: redisBytes / GB };
  const each = [...processes, redis].map(({ count, cores, memoryGb }) => count * (cores * RAILWAY.core + memoryGb * RAILWAY.memoryGb));
  const diskGb = (2 * redisBytes) / GB; // the file while it is written anew, and the one before
  return each.reduce((sum, usd) => sum + usd, 0) + diskGb * RAILWAY.volumeGb;
}

function renderPlan({ cores, memoryGb }: Process): number | undefined {
  const isEnough = (plan: (typeof RENDER.plans)[number]) => plan.cores * UTILISATION >= cores && plan.memoryGb * UTILISATION >= memoryGb;
  return RENDER.plans.find(isEnough)?.usd;
}

function flyMachine({ cores, memoryGb }: Process): number | undefined {
  const { machine } = FLY;
  const neededGb = Math.max(machine.memoryGb, Math.ceil((4 * memoryGb) / UTILISATION) / 4);
  if (cores > machine.cores || neededGb > machine.mostGb) return undefined;
  return machine.usd + (neededGb - machine.memoryGb) * FLY.memoryGb;
}

function sumOf(processes: readonly Process[], price: (process: Process) => number | undefined): number | undefined {
  return processes.reduce<number | undefined>((sum, process) => plus(sum, plus(0, price(process), process.count)), 0);
}

/** The sum, where both are known. */
function plus(one: number | undefined, other: number | undefined, times = 1): number | undefined {
  return one === undefined || other === undefined ? undefined : one + times * other;
}

/**
 * What Railway bills for a million jobs, in dollars: `ms` of CPU each, and `bytes` of memory each that
 * Redis keeps for so many hours. What processes take at rest is not in it.
 */
export function onRailwayAMillion({ ms, bytes, hours }: { ms: number; bytes: number; hours: number }): number {
  const coreMonths = (1e6 * ms) / 1000 / 3600 / HOURS;
  const gbMonths = ((1e6 * bytes) / GB) * (hours / HOURS);
  return coreMonths * RAILWAY.core + gbMonths * RAILWAY.memoryGb;
}
