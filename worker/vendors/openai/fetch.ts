/** The SDK's fetch, with limits: no server can make the worker keep more than this of one answer in memory. */

/** The longest line of an event stream, in bytes. The SDK keeps a line in memory until it is whole. */
const MAX_LINE = 2_097_152;

/** How many bytes of an error's body are read. */
const MAX_ERROR = 65_536;

/** The server sends a line that is too long. */
export class LineTooLong extends Error {
  override name = 'LineTooLong';
}

/** Makes a fetch. `onError` gets the body of each answer that is an error. */
export function boundedFetch(onError: (body: string) => void): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { status, statusText, headers, body } = response;
    if (body === null) return response;
    if (response.ok) return new Response(body.pipeThrough(boundLines()), { status, statusText, headers });
    const text = await readStart(body);
    onError(text);
    return new Response(text === '' ? null : text, { status, statusText, headers });
  };
}

function boundLines(): TransformStream<Uint8Array, Uint8Array> {
  let line = 0;
  return new TransformStream({
    transform(bytes, controller) {
      const end = bytes.lastIndexOf(0x0a);
      line = end === -1 ? line + bytes.length : bytes.length - end - 1;
      if (line > MAX_LINE) controller.error(new LineTooLong('a line of the answer is too long'));
      else controller.enqueue(bytes);
    },
  });
}

async function readStart(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true });
    length += bytes.length;
    if (length >= MAX_ERROR) break;
  }
  return text;
}
