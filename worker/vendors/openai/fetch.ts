/** The SDK's fetch. It bounds what is read of an error, and hands it on as it came. */

/** How many bytes of an error's body are read. */
const MAX_ERROR = 65_536;

/** An answer that is an error. */
export type ErrorAnswer = { status: number; headers: Headers; text: string };

/** Makes a fetch. `onError` gets each answer that is an error. */
export function boundedFetch(onError: (answer: ErrorAnswer) => void): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { status, statusText, headers, body } = response;
    if (response.ok) return response;
    const text = body === null ? '' : await readStart(body);
    onError({ status, headers, text });
    return new Response(text === '' ? null : text, { status, statusText, headers });
  };
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
