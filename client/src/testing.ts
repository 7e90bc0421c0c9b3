/** For an app's own tests: a client without a server, whose jobs do what a script says, by a clock that the test drives. */
import { type Client, createClient } from './client.ts';
import { FakeServer, type Scripts, type SentRequest } from './fake-server.ts';

export type { ScriptStep } from './fake-job.ts';
export type { Refusal, Script, Scripts, SentRequest } from './fake-server.ts';

/** A client that needs no server, and what drives it. It is a real client: only what it fetches is made up. */
export type FakeClient = Client & {
  readonly clock: {
    /** How many ms have passed. */
    now(): number;
    /** Lets so many ms pass: scripts go on. Resolves when what happened has been read by those who read. 0: only that. */
    advance(ms: number): Promise<void>;
  };
  readonly network: {
    /** Cuts all connections; they come back at once. */
    drop(): void;
    /** There is no network: requests fail, and connections are cut. */
    goOffline(): void;
    goOnline(): void;
  };
  /** All requests that were sent, in order. */
  readonly requests: readonly SentRequest[];
};

/**
 * Makes one, such as `createFakeClient({ flashcards: [{ type: 'item', list: 'flashcards', value: card }, { type: 'wait', ms: 1000 }, { type:
 * 'complete', result: { flashcards: [card] } }] })`. Pauses of the client itself, before it connects again, are real ones of at most 5 ms: a
 * test that replaces timers has to let those pass, too.
 */
export function createFakeClient(scripts: Scripts = {}): FakeClient {
  const server = new FakeServer(scripts);
  const client = createClient({ baseUrl: 'http://fake.invalid', fetch: server.fetch, backoff: { firstMs: 5, mostMs: 5 } });
  return {
    ...client,
    clock: { now: () => server.now, advance: async (ms) => server.advance(ms) },
    network: {
      drop: () => server.drop(),
      goOffline: () => void (server.isOffline = true),
      goOnline: () => void (server.isOffline = false),
    },
    requests: server.requests,
  };
}
