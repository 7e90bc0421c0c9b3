/**
 * A job's events as chunks of the AI SDK's UI message stream. A row is one chunk, so a chunk's place
 * in the stream is its row's sequence number; the start is chunk 0. The SDK refuses chunks of types
 * that it does not know.
 */
import type { JournalRow, Outcome, Snapshot } from '../job/snapshot.ts';

/** A chunk. */
export type UiMessageChunk = { type: string } & Record<string, unknown>;

/** The reasons why a job was not completed, as all versions of the SDK know them. */
const REASONS = { completed: 'stop', failed: 'error', cancelled: 'other' } as const;

/**
 * The first chunk. The message is called as the job, so that a replay after a reload takes the place
 * of what the page has of it.
 */
export function startChunk({ jobId, kind, cancelUrl }: { jobId: string; kind: string; cancelUrl?: string }): UiMessageChunk {
  return { type: 'start', messageId: jobId, messageMetadata: { jobId, kind, cancelUrl } };
}

/** The chunk of a row. Its id is lasting, so that no replay makes a second part of it. */
export function rowChunk(row: JournalRow): UiMessageChunk {
  switch (row.type) {
    case 'item': {
      const { list, index, value } = row;
      return { type: 'data-item', id: `${list}-${index}`, data: { list, index, value } };
    }
    case 'progress':
      return { type: 'data-progress', id: 'progress', data: { percent: row.percent, stage: row.stage } };
    case 'attempt': {
      const { attempt, itemsKept, code } = row;
      return { type: 'data-attempt', id: `attempt-${row.seq}`, data: { attempt, itemsKept, code } };
    }
    case 'child':
      return { type: 'data-child', id: `child-${row.seq}`, data: row.child };
  }
}

/**
 * The two chunks of an end, the second being the finish. The first has the sequence number of the
 * end. A cancelled job's usage may still change, and a replay has to be the same: it is not told.
 */
export function endChunks({ outcome }: NonNullable<Snapshot['end']>): [UiMessageChunk, UiMessageChunk] {
  const usage = outcome.type === 'cancelled' ? undefined : outcome.usage;
  return [closing(outcome), { type: 'finish', finishReason: REASONS[outcome.type], ...(usage && { messageMetadata: { usage } }) }];
}

function closing(outcome: Outcome): UiMessageChunk {
  switch (outcome.type) {
    case 'completed':
      return { type: 'data-result', id: 'result', data: outcome.result };
    case 'failed':
      return errorChunk(outcome.error.detail);
    case 'cancelled':
      return { type: 'abort', reason: 'cancelled' };
  }
}

/** The chunk of an error, which an app shows as it is. */
export function errorChunk(errorText: string): UiMessageChunk {
  return { type: 'error', errorText };
}

/** A chunk as a frame of an event stream. It has no id: the SDK counts chunks. */
export function chunkFrame(chunk: UiMessageChunk): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}
