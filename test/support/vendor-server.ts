/** A local HTTP server that stands in for a vendor: it keeps what it is asked, and answers as a test tells it to. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';

/** A call as the server received it. */
export type VendorCall = {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  json(): Record<string, any>;
  /** Resolves when the client has gone before the answer's end. */
  dropped: Promise<void>;
};

/** Answers a call. `n` counts from 1. */
export type Answerer = (response: ServerResponse, call: VendorCall, n: number) => unknown;

/** A server that runs. */
export type VendorServer = { url: string; calls: VendorCall[] };

/** Starts the server; it stops with the test. */
export async function startVendorServer(answer: Answerer): Promise<VendorServer> {
  const calls: VendorCall[] = [];
  const server = createServer((request, response) => {
    const serve = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const dropped = new Promise<void>((resolve) => response.once('close', () => !response.writableFinished && resolve()));
      const { method = '', url = '', headers } = request;
      const json = () => JSON.parse(body.toString()) as Record<string, any>;
      calls.push({ method, url, headers, body, json, dropped });
      await answer(response, calls.at(-1) as VendorCall, calls.length);
    };
    void serve().catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, calls };
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
