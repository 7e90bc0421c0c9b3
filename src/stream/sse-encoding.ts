/** Encoding of Server-Sent Events (WHATWG HTML, section 9.2): pure text, one frame a call. */

/** A frame's fields; `data` is sent as JSON, which has no line breaks of its own. */
export type Frame = {
  event: string;
  data: unknown;
  /** The resume cursor; only on what is kept. */
  id?: number | undefined;
  /** How long the client waits before it reconnects, in ms. */
  retry?: number | undefined;
};

/** Encodes a frame. Throws where the event's name could break out of its line: names are ours, not a user's. */
export function encodeFrame({ event, data, id, retry }: Frame): string {
  if (!/^[a-z]+$/.test(event)) throw new Error(`an event's name is one lower-case word, not ${JSON.stringify(event)}`);
  const head = id === undefined ? '' : `id: ${id}\n`;
  const tail = retry === undefined ? '' : `retry: ${retry}\n`;
  return `${head}event: ${event}\ndata: ${JSON.stringify(data)}\n${tail}\n`;
}

/** A frame that only says how long to wait before a reconnect, in ms. */
export function encodeRetry(ms: number): string {
  return `retry: ${ms}\n\n`;
}

/** The first bytes: comment padding of more than 1 KiB, so that no phone or proxy holds back the start. */
export const PADDING = `:${' '.repeat(1100)}\n\n`;

/** A comment that keeps a connection from looking idle. */
export const PING = ': ping\n\n';

/** A cursor as a client sends it back, or `malformed` for what was never an id of ours. */
export type Cursor = number | 'malformed';

/** Reads a `Last-Event-ID`; undefined and empty mean: from the start. */
export function parseCursor(text: string | undefined): Cursor {
  if (text === undefined || text === '') return 0;
  return /^\d{1,15}$/.test(text) ? Number(text) : 'malformed';
}
