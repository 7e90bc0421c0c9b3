/** Who could do a job that a worker has to give back, by what the registry says of all workers. */
import { readVersion, type StoredInput } from '../kinds/input-versions.ts';
import { unacceptedProblem } from './unaccepted.ts';
import { availabilityOf, type KnownWorker, takes } from './worker-registry.ts';

/** Who could do a job. */
export type Doers = {
  /**
   * A worker that lives, one that lived lately, only workers that know no more than older versions
   * of its input or are not for its kind, or nobody.
   */
  who: 'live' | 'lately' | 'unfit' | 'nobody';
  /** How many workers live in all. */
  workers: number;
};

/** Tells who could do a job of a kind. `input`: in the newest version that this process can make of it. */
export function doersOf(kind: string, { v, next, nextV }: Omit<StoredInput, 'input'>, input: unknown, workers: KnownWorker[]): Doers {
  const knows = ({ inputVersions }: KnownWorker, name: string, version: unknown) => readVersion(version) <= (inputVersions?.[name] ?? 1);
  const fit = workers.filter(
    (worker) => takes(worker, kind) && knows(worker, kind, v) && (next === undefined || knows(worker, next, nextV)),
  );
  const canDo = (some: KnownWorker[]) => {
    const availability = availabilityOf(kind, some, input);
    return availability.type === 'available' && unacceptedProblem(input, availability) === undefined;
  };
  const who = () => {
    if (canDo(fit.filter(({ live }) => live))) return 'live';
    if (canDo(fit)) return 'lately';
    return canDo(workers) ? 'unfit' : 'nobody';
  };
  return { who: who(), workers: workers.filter(({ live }) => live).length };
}
