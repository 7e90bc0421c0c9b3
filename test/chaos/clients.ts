/** Clients that want flashcards whatever happens: each submits until it is accepted, follows to the end, and submits again. */
import { expect } from 'vitest';
import { watch } from '../support/sse.ts';
import type { StreamEvent } from '../support/sse.ts';
import type { Stack } from '../support/stack.ts';
import type { Entry } from './ledger.ts';
import { pass } from '../support/waits.ts';

/** What a submission was answered; what was going on when it was sent, and when its answer came; how long its client has tried until then, in ms. */
export type Answer = { status: number; code?: string; sent: Phase; answered: Phase; triedMs: number };

/** What is going on around the clients, such as `calm`. */
export type Phase = string;

/** Clients at work. */
export type Clients = {
  answers: Answer[];
  /** Lets each finish what it is at; resolves with what was accepted, once all of it has ended. */
  finish(): Promise<Entry[]>;
};

/** How long a client waits before it asks again, in ms. */
const AGAIN_MS = 50;

/** Starts so many clients, each a user of its own, by names that start so. `phase`: what is going on. */
export function startClients(stack: Stack, count: number, name: string, phase: () => Phase = () => 'calm'): Clients {
  const answers: Answer[] = [];
  let leaving = false;

  const work = async (user: string): Promise<Entry[]> => {
    const entries: Entry[] = [];
    for (let n = 1; !leaving; n++) {
      const job = await submit(stack.url, user, `${user}-${n}`, answers, phase);
      entries.push({ job, followed: [await follow(stack.url + job['streamUrl'])] });
    }
    await expectOnce(stack, user, entries);
    return entries;
  };
  const working = Promise.all(Array.from({ length: count }, (_, n) => work(`${name}-${n + 1}`)));
  working.catch(() => {}); // heard when the test waits for them
  return {
    answers,
    async finish() {
      leaving = true;
      return (await working).flat();
    },
  };
}

/** How many users the jobs of {@link startArrivals} are of. */
const USERS = 8;

/**
 * Lets jobs arrive at a pace, however long the ones before take, in turn at each of the APIs. `followers`: how many
 * streams each has, all at the API that took it.
 */
export function startArrivals(
  apis: readonly { url: string }[],
  stack: Stack,
  everyMs: number,
  followers: number,
  phase: () => Phase,
): Clients {
  const answers: Answer[] = [];
  const entries = new Map<string, Promise<Entry>[]>();
  const work = async (url: string, user: string, key: string): Promise<Entry> => {
    const job = await submit(url, user, key, answers, phase);
    return { job, followed: await Promise.all(Array.from({ length: followers }, () => follow(url + job['streamUrl']))) };
  };
  let n = 0;
  const timer = setInterval(() => {
    const user = `user-${n % USERS}`;
    const entry = work(apis[n % apis.length]?.url ?? '', user, `job-${n}`);
    entry.catch(() => {}); // heard when the test waits for it
    entries.set(user, [...(entries.get(user) ?? []), entry]);
    n++;
  }, everyMs);
  return {
    answers,
    async finish() {
      clearInterval(timer);
      const all = [];
      for (const [user, coming] of entries) {
        const own = await Promise.all(coming);
        await expectOnce(stack, user, own);
        all.push(...own);
      }
      return all;
    },
  };
}

/** Submits under a key until it is accepted: an answer that got lost must not make two jobs of it. */
async function submit(url: string, user: string, key: string, answers: Answer[], phase: () => Phase): Promise<Record<string, any>> {
  const start = performance.now();
  for (;;) {
    const sent = phase();
    const response = await fetch(`${url}/api/ai/generate-flashcards`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-id': user, 'idempotency-key': key },
      body: JSON.stringify({ content: `Notes of ${key}.` }),
    });
    const body = (await response.json()) as Record<string, any>;
    answers.push({ status: response.status, sent, answered: phase(), code: body['code'], triedMs: performance.now() - start });
    if (response.status === 202) return body;
    expect(body, 'all that keeps a client out is the outage').toMatchObject({ code: 'queue_unavailable', retryable: true });
    await pass(AGAIN_MS);
  }
}

/** Follows on one connection: one that was told to come back before it saw anything comes back, one that was let in stays. */
async function follow(url: string): Promise<StreamEvent[]> {
  for (;;) {
    const stream = await watch(url);
    await stream.ended;
    if (stream.events.length > 0) return stream.events;
    expect(stream.retries).toEqual([5000]);
    await pass(AGAIN_MS);
  }
}

/** What was accepted is what there is: no submission became two jobs, or none. */
async function expectOnce(stack: Pick<Stack, 'get'>, user: string, entries: Entry[]): Promise<void> {
  const ids: string[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await stack.get(`/api/jobs?limit=100${cursor === undefined ? '' : `&cursor=${cursor}`}`, { 'user-id': user });
    ids.push(...page['jobs'].map(({ jobId }: { jobId: string }) => jobId));
    cursor = page['nextCursor'];
  }
  expect(ids.toSorted()).toEqual(entries.map(({ job }) => job['jobId'] as string).toSorted());
}
