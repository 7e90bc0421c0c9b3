/** Encodes Server-Sent Events (WHATWG HTML, section 9.2) as text, one frame for each call. */

/** A frame's fields. `data` is sent as JSON, which has no line breaks in it. */
export type Frame = {
  event: string;
  data: unknown;
  /** The cursor for resuming. Only rows and ends have one. */
  id?: number | undefined;
  /** How long the client waits before it reconnects, in ms. */
  retry?: number | undefined;
};

/**
 * Encodes a frame. Throws if the event's name is not one lower-case word, because it could then
 * break the format.
 */
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

/**
 * The first bytes of a stream: a comment of more than 1 KiB. Some phones and proxies hold back the
 * first bytes until there are so many.
 */
export const PADDING = `:${' '.repeat(1100)}\n\n`;

/** A comment that shows proxies that the connection is in use. */
export const PING = ': ping\n\n';

/**
 * A cursor that a client has sent: the last sequence number it has; `malformed` if it is no number
 * of ours.
 */
export type Cursor = number | 'malformed';

/** Reads a `Last-Event-ID`. Undefined and empty mean: from the start. */
export function parseCursor(text: string | undefined): Cursor {
  if (text === undefined || text === '') return 0;
  return /^\d{1,15}$/.test(text) ? Number(text) : 'malformed';
}
