/** Upkeep of the archive: erases what users have erased, deletes what is too old, and says whether the archive is behind. */
import type { Clock } from '../store/clock.ts';
import type { ArchiveWriter } from './archive.ts';
import type { Erasures } from './erasures.ts';
import type { ArchiveOutbox } from './outbox.ts';

/** What it is made with. */
export type UpkeepOptions = {
  outbox: Pick<ArchiveOutbox, 'state' | 'markBehind'>;
  erasures: Pick<Erasures, 'noted' | 'forget'>;
  writer: Pick<ArchiveWriter, 'erase' | 'endedBefore'>;
  isKept: (jobId: string) => Promise<boolean>;
  clock: Clock;
  /** How long jobs are archived, in ms; undefined for ever. */
  retentionMs?: number | undefined;
  onError: (error: unknown) => void;
};

/**
 * How long an erasure is repeated, at distances that double, in ms: by then whatever was being written at that moment has been written.
 * A file may take a minute.
 */
const ERASING_MS = 120_000;

/** From which lag on the archive counts as behind, in ms. */
const BEHIND_MS = 30_000;

/** How many erasures, or old jobs, are worked on in one go. */
const BATCH = 100;

/** Makes the function that does one round. Each part is done though another fails. */
export function createUpkeep({ outbox, erasures, writer, isKept, clock, retentionMs, onError }: UpkeepOptions): () => Promise<void> {
  const erased = new Map<string, number>(); // how old each erasure was when it was last carried out here, in ms
  const erase = async (): Promise<void> => {
    for (const erasure of await erasures.noted(BATCH)) {
      const key = JSON.stringify(erasure);
      const age = clock.now() - erasure.at;
      const isOver = age > ERASING_MS;
      if (!isOver && age < 2 * (erased.get(key) ?? 0)) continue;
      try {
        await writer.erase(erasure.target, isKept);
        erased.set(key, age);
        if (!isOver) continue;
        await erasures.forget(erasure);
        erased.delete(key);
      } catch (error) {
        onError(error); // one that fails holds back no other
      }
    }
  };
  const deleteOld = async (): Promise<void> => {
    if (retentionMs === undefined) return;
    for (const old of await writer.endedBefore(clock.now() - retentionMs, BATCH)) await writer.erase(old, isKept);
  };
  return async () => {
    await outbox
      .state()
      .then(({ lagMs }) => outbox.markBehind(lagMs > BEHIND_MS))
      .catch(onError);
    await erase().catch(onError);
    await deleteOld().catch(onError);
  };
}
