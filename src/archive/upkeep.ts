/** Upkeep of the archive: erases what users have erased, deletes what is too old, and says whether the archive is behind. */
import type { ArchiveWriter } from './archive.ts';
import type { Erasures } from './erasures.ts';
import type { Outbox } from './outbox.ts';

/** What it is made with. */
export type UpkeepOptions = {
  outbox: Pick<Outbox, 'state' | 'markBehind'>;
  erasures: Pick<Erasures, 'noted' | 'forget'>;
  writer: Pick<ArchiveWriter, 'erase' | 'endedBefore'>;
  isKept: (jobId: string) => Promise<boolean>;
  /** How long jobs are archived, in ms; undefined for ever. */
  retentionMs?: number | undefined;
  onError: (error: unknown) => void;
};

/** How long an erasure is repeated, in ms: by then whatever was being written at that moment has been written. A file may take a minute. */
const ERASING_MS = 120_000;

/** From which lag on the archive counts as behind, in ms. */
const BEHIND_MS = 30_000;

/** How many erasures, or old jobs, are worked on in one go. */
const BATCH = 100;

/** Makes the function that does one round. Each part is done though another fails. */
export function createUpkeep({ outbox, erasures, writer, isKept, retentionMs, onError }: UpkeepOptions): () => Promise<void> {
  const erase = async (): Promise<void> => {
    for (const erasure of await erasures.noted(BATCH)) {
      try {
        await writer.erase(erasure.target, isKept);
        if (Date.now() - erasure.at > ERASING_MS) await erasures.forget(erasure);
      } catch (error) {
        onError(error); // one that fails holds back no other
      }
    }
  };
  const deleteOld = async (): Promise<void> => {
    if (retentionMs === undefined) return;
    for (const old of await writer.endedBefore(Date.now() - retentionMs, BATCH)) await writer.erase(old, isKept);
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
