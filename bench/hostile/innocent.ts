/** An innocent user, in a process of its own: submits, watches, polls and is called back at a steady pace, and says how long each took. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** What an innocent user waits for, in ms: the 202; the end of the job on its stream; the webhook after that; a poll, and a list. */
export type Waited = 'submit' | 'end' | 'webhook' | 'poll' | 'list';

/** What an innocent user has seen. `failures`: answers of 5xx, and whatever was not answered within the limit, each in words. */
export type Experience = { waits: Record<Waited, number[]>; failures: string[] };

/** Of how many users the submissions are: none of them comes near a limit. */
const USERS = 8;

/** The time between two submissions, in ms. */
const PACE_MS = 250;

/** How long anything may take, in ms. */
const LIMIT_MS = 20_000;

const url = process.env['API_URL'] ?? '';
const body = { content: 'The mitochondrion is the power plant of the cell. Hund: dog', count: 2 };

const calls = new Map<string, () => void>();
const receiver = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(204).end();
    calls.get(request.url ?? '')?.();
  });
}).listen(0, '127.0.0.1');
await once(receiver, 'listening');
const { port } = receiver.address() as AddressInfo;

let experience = fresh();
let number = 0;
let open = 0;
const timer = setInterval(() => {
  const n = number++;
  open++;
  visit(n, experience)
    .catch((error: unknown) => experience.failures.push(String(error)))
    .finally(() => open--);
}, PACE_MS);

process.on('message', (message) => {
  if (typeof message !== 'object') return; // the probe's
  const told = experience;
  experience = fresh();
  process.send?.({ experience: told, open });
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
timer.ref();

/** One visit: submits a job, watches it to its end, is called back, polls it and lists. */
async function visit(n: number, { waits, failures }: Experience): Promise<void> {
  const user = { 'user-id': `innocent-${n % USERS}` };
  const timed = async <T>(what: Waited, work: () => Promise<T>): Promise<T> => {
    const since = performance.now();
    const result = await work();
    waits[what].push(performance.now() - since);
    return result;
  };
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(LIMIT_MS) });
    if (response.status >= 400)
      failures.push(`${init.method ?? 'GET'} ${path.replace(/\?.*/, '')}: ${response.status} ${await response.text()}`);
    return response;
  };

  const path = `/hook/${n}`;
  const called = Promise.withResolvers<void>();
  calls.set(path, called.resolve);
  const job = await timed('submit', async () => {
    const response = await ask('/api/ai/generate-flashcards', {
      method: 'POST',
      headers: { ...user, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, callbackUrl: `http://127.0.0.1:${port}${path}` }),
    });
    return response.status === 202 ? ((await response.json()) as Record<string, string>) : undefined;
  });
  if (!job) return;
  await timed('end', async () => {
    const response = await ask(job['streamUrl'] ?? '', { headers: { accept: 'text/event-stream' } });
    if (!(await response.text()).includes('event: completed')) failures.push('a stream ended before its job');
  });
  await timed('webhook', () => Promise.race([called.promise, late()]));
  calls.delete(path);
  await timed('poll', async () => (await ask(job['statusUrl'] ?? '', { headers: user })).text());
  await timed('list', async () => (await ask('/api/jobs?limit=5', { headers: user })).text());
}

async function late(): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, LIMIT_MS).unref());
  throw new Error('a webhook did not come');
}

function fresh(): Experience {
  return { waits: { submit: [], end: [], webhook: [], poll: [], list: [] }, failures: [] };
}
