/** A server of a customer's that webhooks are sent to: it notes what comes, and answers as it is told. */
import type http from 'node:http';
import { expect } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { startVendorServer } from './vendor-server.ts';

/** A request that came. */
export type Call = { path: string; headers: Record<string, string>; body: string };

/** What the server answers to a request; by default 204. */
export type Answer = (request: http.IncomingMessage, response: http.ServerResponse, call: Call) => void;

/** A running receiver. */
export type Receiver = {
  url: string;
  calls: Call[];
  /** How many requests without an answer there were at once at most. */
  mostAtOnce(): number;
  /** Resolves when so many requests have come in all. */
  called(count: number): Promise<Call[]>;
};

/** Starts one; it stops with the test. */
export async function startReceiver(answer: Answer = (_request, response) => response.writeHead(204).end()): Promise<Receiver> {
  const calls: Call[] = [];
  let open = 0;
  let most = 0;
  const { url } = await startVendorServer((response, { url: path, headers, body }) => {
    most = Math.max(most, ++open);
    response.once('close', () => open--);
    const call = { path, headers: headers as Record<string, string>, body: body.toString() };
    calls.push(call);
    answer(response.req, response, call);
  });
  return {
    url: `${url}/hook`,
    calls,
    mostAtOnce: () => most,
    async called(count) {
      await expect.poll(() => calls.length, { interval: 10 }).toBeGreaterThanOrEqual(count);
      return calls;
    },
  };
}

/** The event of a call, checked by the library that receivers use. Throws if a signature is wrong. */
export function verified(secret: string, { headers, body }: Call): Record<string, any> {
  return new Webhook(secret).verify(body, headers) as Record<string, any>;
}
