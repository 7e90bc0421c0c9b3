/** Local servers that answer as Azure's two services for images do, or as a test tells them to. */
import type { VendorServer } from './vendor-server.ts';
import { type Answerer, sendJson, startVendorServer } from './vendor-server.ts';

/** The key that the servers know. */
export const AZURE_KEY = 'made-up-key';

const WRONG_KEY = { error: { code: '401', message: 'Access denied due to invalid subscription key or wrong API endpoint.' } };

/** A server with the variables that lead to it. */
export type AzureServer = VendorServer & { env: Record<string, string> };

/** Starts Image Analysis 4.0. */
export async function startAzureVision(
  answer: Answerer = (response) => sendJson(response, 200, analysed(['Water is wet'])),
): Promise<AzureServer> {
  const server = await startVendorServer((response, call, n) =>
    call.headers['ocp-apim-subscription-key'] === AZURE_KEY ? answer(response, call, n) : sendJson(response, 401, WRONG_KEY),
  );
  return { ...server, env: { AZURE_VISION_ENDPOINT: `${server.url}/`, AZURE_VISION_KEY: AZURE_KEY } };
}

/** How Document Intelligence answers: to a submission, and to each poll. `n` counts from 1. */
export type DocumentAnswers = { submit?: Answerer; poll?: Answerer };

/** Starts Document Intelligence. A reading runs for one poll. */
export async function startAzureDocument({ submit, poll }: DocumentAnswers = {}): Promise<
  AzureServer & { submitted(): number; polled(): number }
> {
  let submitted = 0;
  let polled = 0;
  const accept: Answerer = (response, call) =>
    response.writeHead(202, { ...operationAt(`http://${call.headers.host}`), 'retry-after': '0' }).end();
  const tell: Answerer = (response, _, n) =>
    sendJson(response, 200, n === 1 ? { status: 'running' } : succeeded(['Water is wet']), { 'retry-after': '0' });
  const server = await startVendorServer((response, call) => {
    if (call.headers['ocp-apim-subscription-key'] !== AZURE_KEY) return sendJson(response, 401, WRONG_KEY);
    return call.method === 'POST' ? (submit ?? accept)(response, call, ++submitted) : (poll ?? tell)(response, call, ++polled);
  });
  const env = { AZURE_DOCUMENT_ENDPOINT: server.url, AZURE_DOCUMENT_KEY: AZURE_KEY };
  return { ...server, env, submitted: () => submitted, polled: () => polled };
}

/** The header that says where an operation is. */
export function operationAt(origin: string, id = '1'): Record<string, string> {
  return {
    'operation-location': `${origin}/documentintelligence/documentModels/prebuilt-read/analyzeResults/${id}?api-version=2024-11-30`,
  };
}

/** An operation that has read lines, each a paragraph of its own if it begins with `¶`. Places are made up. */
export function succeeded(lines: readonly string[]): object {
  let offset = 0;
  const words: object[] = [];
  const paragraphs: { content: string; spans: { offset: number; length: number }[] }[] = [];
  const made = lines.map((marked, row) => {
    const text = marked.replace('¶', '');
    const start = offset;
    text.split(' ').forEach((content, n) => {
      words.push({
        content,
        polygon: [10 * n, row, 10 * n + 9, row, 10 * n + 9, row + 1, 10 * n, row + 1],
        confidence: 0.993,
        span: { offset, length: content.length },
      });
      offset += content.length + 1;
    });
    const whole = { offset: start, length: text.length };
    const last = paragraphs.at(-1);
    if (last && text === marked)
      last.spans[0] = { offset: last.spans[0]?.offset ?? 0, length: start + text.length - (last.spans[0]?.offset ?? 0) };
    else paragraphs.push({ content: text, spans: [whole] });
    return { content: text, polygon: [10, 12, 300, 12, 300, 44, 10, 44], spans: [whole] };
  });
  const page = { pageNumber: 1, angle: 0, width: 800, height: 200, unit: 'pixel', words, lines: made, spans: [] };
  return {
    status: 'succeeded',
    analyzeResult: { apiVersion: '2024-11-30', modelId: 'prebuilt-read', content: lines.join('\n'), pages: [page], paragraphs },
  };
}

/** What Image Analysis says of lines in one block. Places are made up. */
export function analysed(lines: readonly string[]): object {
  const box = (x: number) => [
    { x, y: 12 },
    { x: x + 100, y: 12 },
    { x: x + 100, y: 44 },
    { x, y: 44 },
  ];
  const made = lines.map((text) => ({
    text,
    boundingPolygon: box(10),
    words: text.split(' ').map((word, n) => ({ text: word, boundingPolygon: box(10 + 110 * n), confidence: 0.993 })),
  }));
  return { modelVersion: '2024-02-01', metadata: { width: 800, height: 200 }, readResult: { blocks: [{ lines: made }] } };
}
