/** What Redis has done between two moments: its CPU, the commands it carried out, and how often it had to read from a client. */
import type { RedisClient } from '../src/store/redis-client.ts';

/** What Redis has done. */
export type RedisUsage = {
  /** In µs. */
  cpu: number;
  /** Commands that were carried out; those inside of scripts count, too. */
  commands: number;
  /** Reads from a client's socket. Commands that arrive together are one read, so for one client this is the number of trips. */
  trips: number;
};

/** Reads what Redis has done since it started. This counts as one command and one trip. */
export async function readUsage(redis: RedisClient): Promise<RedisUsage> {
  const info = await redis.info();
  const field = (name: string): number => {
    const value = new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
    if (value === undefined) throw new Error(`INFO of this Redis has no ${name}`);
    return Number(value);
  };
  return {
    cpu: 1e6 * (field('used_cpu_user') + field('used_cpu_sys')),
    commands: field('total_commands_processed'),
    trips: field('total_reads_processed'),
  };
}

/** What Redis has done for each of `count` operations between two readings. */
export function usagePer(count: number, before: RedisUsage, after: RedisUsage): RedisUsage {
  return {
    cpu: (after.cpu - before.cpu) / count,
    commands: (after.commands - before.commands - 1) / count,
    trips: (after.trips - before.trips - 1) / count,
  };
}
