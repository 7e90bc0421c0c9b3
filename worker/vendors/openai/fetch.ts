/** The SDK's fetch. It bounds what is read of an error. */

/** How many bytes of an error's body are read. */
const MAX_ERROR = 65_536;

/** Makes a fetch. `onError` gets the body of each answer that is an error. */
export function boundedFetch(onError: (body: string) => void): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { status, statusText, headers, body } = response;
    if (response.ok || body === null) return response;
    const text = await readStart(body);
    onError(text);
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
