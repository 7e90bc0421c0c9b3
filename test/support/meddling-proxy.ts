/** An HTTP proxy on loopback that changes requests and answers, as proxies do that are not set up for this API. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';

/** The head of an answer. */
export type Head = { status: number; headers: IncomingHttpHeaders };

/** What a proxy changes. What it does not name goes through as it is. */
export type Meddling = {
  /** Says which requests it answers itself, by a 401. */
  refuses?: (headers: IncomingHttpHeaders) => boolean;
  /** Changes the headers of a request. */
  request?: (headers: IncomingHttpHeaders) => void;
  /** Changes the head of an answer. */
  head?: (head: Head) => void;
  /** Passes the body of an answer on. The head was not sent yet; it goes with the first piece. */
  body?: (answer: IncomingMessage, outgoing: ServerResponse) => void;
};

/** Starts a proxy before a server, and returns its URL; it goes with the test. */
export async function startMeddlingProxy(target: string, { refuses, request: change, head: alter, body }: Meddling = {}): Promise<string> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    if (refuses?.(headers)) return void outgoing.writeHead(401).end('Who are you?');
    change?.(headers);
    const upstream = request({ hostname, port, method, path, headers }, (answer) => {
      const head: Head = { status: answer.statusCode ?? 502, headers: { ...answer.headers } };
      if (body) delete head.headers['content-length'];
      alter?.(head);
      outgoing.writeHead(head.status, head.headers);
      if (body) body(answer, outgoing);
      else {
        outgoing.flushHeaders();
        answer.pipe(outgoing);
      }
      answer.on('error', () => outgoing.destroy());
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

/** Makes a body that changes each piece of text. Servers of tests write whole frames, so no frame is split. */
export const replacing =
  (change: (text: string) => string): NonNullable<Meddling['body']> =>
  (answer, outgoing) => {
    answer.on('data', (chunk: Buffer) => {
      const text = change(chunk.toString());
      if (text !== '') outgoing.write(text);
    });
    answer.on('end', () => outgoing.end());
  };
