/** What this machine can reach of itself. Containers and sandboxes lack addresses that other machines have. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How long an address is asked, in ms: where packets are dropped nothing else ends it. */
const PATIENCE_MS = 2000;

/** Why tests can't use an address: a plain server that listens on all addresses is not reached at it. Undefined if it is. */
export async function whyNotReached(address: string): Promise<string | undefined> {
  const server = createServer((_request, response) => response.end('here')).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const host = address.includes(':') ? `[${address}]` : address;
  try {
    const answer = await fetch(`http://${host}:${port}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return (await answer.text()) === 'here' ? undefined : `somebody else answers at ${address} here`;
  } catch {
    return `a plain server is not reached at ${address} here`;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The end of the name of a test that is skipped for a reason. */
export const skippedFor = (why: string | undefined): string => (why === undefined ? '' : ` (skipped: ${why})`);
