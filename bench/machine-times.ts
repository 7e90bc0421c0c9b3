/** What the cores of the machine do. */
import { cpus } from 'node:os';
import { sum } from './figures.ts';

/** What all cores have done since the machine started, in ms. */
export type MachineTimes = { busy: number; all: number };

/** Reads what the cores have done so far. */
export function machineTimes(): MachineTimes {
  const times = cpus().map(({ times: core }) => core);
  const all = sum(times.flatMap((core) => Object.values(core)));
  return { busy: all - sum(times.map(({ idle }) => idle)), all };
}

/** The share of all cores that was busy between two readings, 0 to 1. */
export const busyShare = (before: MachineTimes, after: MachineTimes): number => (after.busy - before.busy) / (after.all - before.all);
