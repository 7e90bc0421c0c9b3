/** The framings of a result as a text that grows: as it is, or as the text of a UI message stream. */
import type { JournalRow, Outcome } from '../job/snapshot.ts';
import type { Framing, PutAddresses } from './framing.ts';
import { type GrowingList, itemPiece, restPiece } from './growing-json.ts';
import { PING } from './sse-encoding.ts';
import { chunkFrame, endChunks, errorChunk, type UiMessageChunk } from './ui-message-chunks.ts';

const encoder = new TextEncoder();

/** How pieces of the text are sent, and what follows the last one. */
type TextForm = Pick<Framing, 'name' | 'ping' | 'breaksAfter'> & {
  piece(text: string): string;
  ending(end: { seq: number; outcome: Outcome }): string;
};

/** The id of the only text of a message. */
const TEXT = 'text';

/** What comes before the first piece of the text of a UI message stream. */
export const textStart: UiMessageChunk = { type: 'text-start', id: TEXT };

/** A plain text can't say that it failed, so the connection breaks then. Space is no part of JSON. */
const plain: TextForm = {
  name: 'text',
  ping: encoder.encode(' '),
  breaksAfter: ({ type }) => type !== 'completed',
  piece: (text) => text,
  ending: () => '',
};

/** A client of completions reads pieces and errors only, so a cancelled job is an error, too. */
const asChunks: TextForm = {
  name: 'text-chunks',
  ping: encoder.encode(PING),
  piece: (text) => chunkFrame({ type: 'text-delta', id: TEXT, delta: text }),
  ending(end) {
    const [closing, finish] = endChunks(end);
    const first = { completed: { type: 'text-end', id: TEXT }, failed: closing, cancelled: errorChunk('The job was cancelled.') };
    return chunkFrame(first[end.outcome.type]) + chunkFrame(finish);
  },
};

/**
 * Makes the framing of a text. `growing`: the list that grows, if the result has one. A stream
 * begins at the start of its job always; `at` counts the items that were sent.
 */
export function textFraming(form: 'plain' | 'chunks', growing: GrowingList | undefined): Framing {
  const { name, ping, breaksAfter, piece, ending } = form === 'plain' ? plain : asChunks;
  const pieceOf = (row: JournalRow, at: number, put: PutAddresses): string | undefined =>
    growing && row.type === 'item' && row.list === growing.list && row.index === at
      ? piece(itemPiece(growing, at, put(row).value))
      : undefined;
  return {
    name,
    ping,
    interruption: 'break',
    reads: 'missed',
    ...(breaksAfter && { breaksAfter }),
    standing: (_reading, cursor) => (cursor === 0 ? 'open' : 'unknown'),
    row(_jobId, row, at, putAddresses) {
      const text = pieceOf(row, at, putAddresses);
      return { bytes: encoder.encode(text), at: text === undefined ? at : at + 1 };
    },
    reading({ snapshot: { end }, rows }, putAddresses) {
      return ({ seq, at }) => {
        const parts: string[] = [];
        for (const row of rows) {
          const text = row.seq > seq ? pieceOf(row, at + parts.length, putAddresses) : undefined;
          if (text !== undefined) parts.push(text);
        }
        const sent = at + parts.length;
        if (end?.outcome.type === 'completed') parts.push(piece(restPiece(putAddresses(end.outcome.result), growing, sent)));
        if (end) parts.push(ending(end));
        return { bytes: encoder.encode(parts.join('')), at: sent };
      };
    },
  };
}
