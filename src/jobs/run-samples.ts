/** What the last completed jobs tell: how long they waited and ran, and which calls have a known cost. */
import { parseJson } from '../job/parse-json.ts';
import { FIELDS } from '../job/record.ts';
import type { Usage } from '../job/snapshot.ts';
import type { Store } from '../store/store.ts';
import { kindOf } from './to-snapshot.ts';

/** A median and a 95th percentile in ms; absent until a job has run. */
export type Spread = { p50: number; p95: number };

/** How many of the last completed jobs the times are taken from. */
const SAMPLE = 200;

/** What the records of completed jobs tell. */
export type RunSamples = { times: { kind: string; wait: number | undefined; run: number }[]; costs: { known: number; unknown: number } };

/** Reads the last completed jobs. */
export async function readRunSamples({ redis, keys }: Store): Promise<RunSamples> {
  const costs = { known: 0, unknown: 0 };
  const ids = await redis.zrevrange(keys.of('completed'), 0, SAMPLE - 1);
  if (ids.length === 0) return { times: [], costs };
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hmget(keys.job(id), 'timestamp', 'processedOn', 'finishedOn', 'ats', 'stc', FIELDS.ready, FIELDS.calls);
  const replies = (await pipeline.exec()) ?? [];
  const times = replies.flatMap(([error, reply], n) => {
    const fields = error ? [] : (reply as (string | null)[]);
    const [created, started, finished, starts, stalls, ready] = fields.slice(0, 6).map(readNumber);
    for (const { costUsd } of callsIn(fields[6])) costs[costUsd === undefined ? 'unknown' : 'known']++;
    if (!created || !started || !finished || finished < started) return [];
    // When a lost job could begin again nobody has noted, nor did
    // a version before note it of any second run.
    const since = stalls ? undefined : (ready ?? (starts === 1 ? created : undefined));
    return [{ kind: kindOf(ids[n] ?? ''), wait: since === undefined ? undefined : Math.max(started - since, 0), run: finished - started }];
  });
  return { times, costs };
}

/** What the calls of a job have used, each on its own; none where that can't be read. */
function callsIn(text: string | null | undefined): Usage[] {
  return Object.values((parseJson(text ?? '{}') ?? {}) as Record<string, Usage>);
}

function readNumber(text: string | null): number | undefined {
  const value = Number(text ?? undefined);
  return Number.isFinite(value) ? value : undefined;
}

/** The spread of times in ms; undefined if there are none. */
export function spread(times: number[]): Spread | undefined {
  if (times.length === 0) return undefined;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}

/** The mean of times, in whole ms; undefined if there are none. */
export function meanOf(times: number[]): number | undefined {
  return times.length === 0 ? undefined : Math.round(times.reduce((sum, time) => sum + time, 0) / times.length);
}
