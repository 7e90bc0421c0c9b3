/**
 * The framing of the AI SDK's UI message stream. A client that has the chunks up to `n` asks for
 * those after it; the start, chunk 0, is sent before the framing begins.
 */
import type { Framing } from './framing.ts';
import { PING } from './sse-encoding.ts';
import { chunkFrame, endChunks, rowChunk } from './ui-message-chunks.ts';

const encoder = new TextEncoder();

/**
 * Chat streams. A clean end without a finish is the whole answer for one transport, and an endless
 * loop of requests for the other: the connection breaks instead. For the same reason every stream of
 * a job that has ended has a finish, also for a client that has it.
 */
export const uiMessageFraming: Framing = {
  name: 'ui-message',
  ping: encoder.encode(PING),
  interruption: 'break',
  reads: 'missed',
  standing({ snapshot: { end, length } }, cursor) {
    const last = end ? end.seq + 1 : length; // an end is two chunks
    return cursor === 'malformed' || cursor > last ? 'unknown' : 'open';
  },
  row: (_jobId, row, at, putAddresses) => ({ bytes: encoder.encode(chunkFrame(rowChunk(putAddresses(row)))), at }),
  reading({ snapshot: { end }, rows }, putAddresses) {
    const frames = rows.map((row) => ({ seq: row.seq, frame: chunkFrame(rowChunk(putAddresses(row))) }));
    const [closing = '', finish = ''] = end ? endChunks(putAddresses(end)).map(chunkFrame) : [];
    return ({ seq, at }) => {
      const missed = frames.filter((row) => row.seq > seq).map(({ frame }) => frame);
      const hasClosing = end !== undefined && seq >= end.seq;
      return { bytes: encoder.encode([...missed, hasClosing ? '' : closing, finish].join('')), at };
    };
  },
};
