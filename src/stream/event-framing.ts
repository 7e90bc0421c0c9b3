/** The framing of our own event streams: a frame for each row, status and end, with row numbers as ids. */
import { endFrame, liveFrame, resetFrame, rowFrame, statusFrame, statusKey } from './job-frames.ts';
import type { Framing } from './framing.ts';
import { PING } from './sse-encoding.ts';

const encoder = new TextEncoder();

/** Our own event streams. */
export const eventFraming: Framing = {
  name: 'events',
  ping: encoder.encode(PING),
  interruption: 'close',
  reads: 'missed',
  standing({ snapshot: { end, length } }, cursor) {
    if (cursor === 'malformed') return 'unknown';
    if (end && cursor >= end.seq) return 'over';
    return cursor > length ? 'unknown' : 'open';
  },
  row: (jobId, row, at, putAddresses) => ({ bytes: encoder.encode(rowFrame(jobId, putAddresses(row))), at }),
  reading({ snapshot, rows, etaSeconds }, putAddresses) {
    const status = statusFrame(snapshot, etaSeconds);
    const key = statusKey(snapshot);
    const frames = rows.map((row) => ({ seq: row.seq, frame: rowFrame(snapshot.id, putAddresses(row)) }));
    const end = snapshot.end && endFrame(snapshot.id, putAddresses(snapshot.end));
    let last: { needs: string; bytes: Uint8Array } | undefined; // most followers need the same bytes
    return ({ lastStatus, seq, live, at }) => {
      const needs = `${seq} ${live} ${lastStatus}`;
      if (last?.needs !== needs) {
        // The first frame is always a status. After that an end is sent without a status beside it.
        const needsStatus = lastStatus === '' || (lastStatus !== key && end === undefined);
        const missed = frames.filter((row) => row.seq > seq).map(({ frame }) => frame);
        const close = end ?? (live ? '' : liveFrame(snapshot.id)); // an end says, too, that nothing is missing
        last = { needs, bytes: encoder.encode([needsStatus ? status : '', ...missed, close].join('')) };
      }
      return { bytes: last.bytes, at };
    };
  },
  reset: (jobId) => encoder.encode(resetFrame(jobId)),
};
