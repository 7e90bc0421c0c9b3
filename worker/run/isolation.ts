/** Isolation: a job that has lost its workers may be the cause. It must not harm the jobs that run beside it. */

/** A job, and how often its worker was lost while it ran. */
type Suspect = { id: string; losses: number };

/** Decides which jobs may run side by side in this process. */
export type Isolation = {
  /** Whether a job may run now. If so, it counts as running until it leaves. */
  admit(job: Suspect): boolean;
  leave(id: string): void;
};

/**
 * Makes the isolation. A job at its last chance runs beside no other job that has lost a worker. So if it kills its worker
 * again, no other such job loses a chance. With fewer losses, jobs that have lost a worker may run side by side:
 * most workers are lost in a deploy, and then all their jobs go on at once. `maxLosses`: how many losses a job survives.
 */
export function createIsolation(maxLosses: number): Isolation {
  const suspects = new Map<string, boolean>(); // by id: whether the job is at its last chance
  return {
    admit({ id, losses }) {
      if (losses === 0) return true;
      const lastChance = losses >= maxLosses;
      if (lastChance ? suspects.size > 0 : [...suspects.values()].includes(true)) return false;
      suspects.set(id, lastChance);
      return true;
    },
    leave: (id) => void suspects.delete(id),
  };
}
