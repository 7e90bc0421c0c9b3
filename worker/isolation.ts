/** Isolation: a job that has lost its workers may be what kills them, and must not take its neighbours along. */

/** A job as far as this matters: how often its worker was lost while it ran. */
type Suspect = { id: string; losses: number };

/** Who may run beside whom in this process. */
export type Isolation = {
  /** Whether a job may run now; if so it counts as running. */
  admit(job: Suspect): boolean;
  leave(id: string): void;
};

/**
 * A job that one more loss would fail runs beside no other that was ever lost. So whoever kills workers is alone
 * among the suspects when it does so for the last time, and those it took along before live on. A single loss
 * changes nothing: most workers die of a deploy, and all their jobs go on at once. `maxLosses`: how many a job survives.
 */
export function createIsolation(maxLosses: number): Isolation {
  const suspects = new Map<string, boolean>(); // with whether it is at its last chance
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
