/** Clients that want flashcards whatever happens: each submits until it is accepted, follows to the end, and submits again. */
import { expect } from 'vitest';
import { watch } from '../support/sse.ts';
import type { StreamEvent } from '../support/sse.ts';
import type { Stack } from '../support/stack.ts';
import type { Entry } from './ledger.ts';
import { pass } from '../support/waits.ts';

/** What a submission was answered; what was going on when it was sent, and when its answer came. */
export type Answer = { status: number; code?: string; sent: Phase; answered: Phase };

/** What is going on around the clients. */
export type Phase = 'calm' | 'disaster';

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

/** Submits under a key until it is accepted: an answer that got lost must not make two jobs of it. */
async function submit(url: string, user: string, key: string, answers: Answer[], phase: () => Phase): Promise<Record<string, any>> {
  for (;;) {
    const sent = phase();
    const response = await fetch(`${url}/api/ai/generate-flashcards`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-id': user, 'idempotency-key': key },
      body: JSON.stringify({ content: `Notes of ${key}.` }),
    });
    const body = (await response.json()) as Record<string, any>;
    answers.push({ status: response.status, sent, answered: phase(), code: body['code'] });
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
async function expectOnce(stack: Stack, user: string, entries: Entry[]): Promise<void> {
  const ids: string[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await stack.get(`/api/jobs?limit=100${cursor === undefined ? '' : `&cursor=${cursor}`}`, { 'user-id': user });
    ids.push(...page['jobs'].map(({ jobId }: { jobId: string }) => jobId));
    cursor = page['nextCursor'];
  }
  expect(ids.toSorted()).toEqual(entries.map(({ job }) => job['jobId'] as string).toSorted());
}
