/** The stream of a job that is not followed any more: it has ended, and only its end is known. */
import type { Snapshot } from '../job/snapshot.ts';
import type { Following } from './feed.ts';
import type { PutAddresses } from './job-channel.ts';
import { endFrame, resetFrame, statusFrame } from './job-frames.ts';
import type { Cursor } from './sse-encoding.ts';

/** Makes a follower that is sent the status and the end, and is closed then. `putAddresses`: how values of the job are sent. */
export function followEnded(snapshot: Snapshot, cursor: Cursor, putAddresses: PutAddresses = (value) => value): Following {
  const { id: jobId, end } = snapshot;
  return {
    first: snapshot,
    over: end !== undefined && cursor !== 'malformed' && cursor >= end.seq,
    feed(sink) {
      const reset = cursor === 'malformed' ? resetFrame(jobId) : '';
      const frames = reset + statusFrame(snapshot) + (end ? endFrame(jobId, putAddresses(end)) : '');
      sink.write(new TextEncoder().encode(frames));
      sink.close();
    },
    stop() {},
  };
}
