/** Tests the hooks by scripts: who is told of what and how often, in StrictMode, with a provider, and of jobs that were not sent yet. */
import { act, render } from '@testing-library/react';
import { createElement, type FunctionComponent, StrictMode } from 'react';
import { expect, onTestFinished, test } from 'vitest';
import { FakeServer, type Scripts } from '../../client/src/fake-server.ts';
import { createClient, type JobEvent } from '../../client/src/index.ts';
import { AiJobsProvider, useAiJobs, useJob, useJobs, useSubmit } from '../../client/src/react.ts';
import { createFakeClient } from '../../client/src/testing.ts';
import { openDom } from '../support/dom.ts';
import { card } from '../support/openai.ts';

const CARDS = [card(1), card(2), card(3)];
const item = (n: number) => ({ type: 'item', list: 'flashcards', value: CARDS[n] as (typeof CARDS)[0] }) as const;
const complete = { type: 'complete', result: { flashcards: CARDS } } as const;
const wait = { type: 'wait', ms: 1000 } as const;

/** Shows a component in StrictMode below a provider. `look` is called in each rendering; `seen` returns what it returned last. */
function show<Seen>(ai: Parameters<typeof AiJobsProvider>[0]['client'], look: () => Seen) {
  const dom = openDom();
  let last: Seen | undefined;
  let renders = 0;
  const View: FunctionComponent = () => {
    renders++;
    last = look();
    return createElement('p');
  };
  const tree = () => createElement(StrictMode, {}, createElement(AiJobsProvider, { client: ai }, createElement(View)));
  const { rerender, unmount } = render(tree());
  return {
    seen: () => last as Seen,
    renders: () => renders,
    again: () => rerender(tree()),
    unmount,
    until: (fits: (seen: Seen) => boolean) => dom.until(() => fits(last as Seen)),
  };
}

const streamsOf = (ai: ReturnType<typeof createFakeClient>) => ai.requests.filter(({ path }) => path.endsWith('/events'));

test('a job is watched by its id; each event and the end are told once, also in StrictMode, also those from before', async () => {
  const ai = createFakeClient({ flashcards: [item(0), wait, item(1), complete] });
  const { id } = await ai.flashcards({ content: 'Notes.' });
  const events: JobEvent[] = [];
  const ends: string[] = [];
  const view = show(ai, () =>
    useJob<'flashcards'>(id, { onEvent: (event) => events.push(event), onEnd: ({ status }) => ends.push(status) }),
  );
  await view.until(({ items }) => items.flashcards?.length === 1);
  await act(async () => ai.clock.advance(1000));
  await view.until(({ status }) => status === 'completed');
  expect(view.seen().result).toEqual({ flashcards: CARDS });
  view.again();
  expect(events.filter(({ type }) => type === 'item')).toHaveLength(2);
  expect(ends).toEqual(['completed']);
});

test('who is not enabled reads nothing, and keeps what it had', async () => {
  const ai = createFakeClient({ flashcards: [item(0), wait, item(1), complete] });
  const job = await ai.flashcards({ content: 'Notes.' });
  let enabled = false;
  const view = show(ai, () => useJob(job, { enabled }));
  await ai.clock.advance(0);
  expect([streamsOf(ai).length, view.seen().status]).toEqual([0, 'waiting']);
  enabled = true;
  view.again();
  await view.until(({ items }) => items.flashcards?.length === 1);
  enabled = false;
  view.again();
  await act(async () => ai.clock.advance(1000));
  expect([view.seen().items.flashcards?.length, job.connection.state]).toEqual([1, 'closed']);
});

test('events of a while are rendered together, the first and the end at once; what an app throws in a callback breaks nothing', async () => {
  const uncaught: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => uncaught.push(error));
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
  const ai = createFakeClient({ flashcards: [wait, item(0), item(1), item(2), wait, complete] });
  const job = await ai.flashcards({ content: 'Notes.' });
  const onEvent = ({ type }: JobEvent) => {
    if (type === 'item') throw new Error('of the app');
  };
  const view = show(ai, () => useJob(job, { togetherMs: 1e6, onEvent }));
  await view.until(({ status }) => status === 'active');
  await act(async () => ai.clock.advance(1000));
  expect(view.seen().items).toEqual({}); // they wait for the end of the while
  const before = view.renders();
  await act(async () => ai.clock.advance(1000));
  await view.until(({ status }) => status === 'completed');
  expect(view.seen().items.flashcards).toHaveLength(3);
  expect(view.renders() - before).toBeLessThanOrEqual(4); // the end, and the connection that closes, twice each in StrictMode
  await expect.poll(() => uncaught.length).toBe(3);
});

test('a submission is idle until it is taken, is sent once in StrictMode, and is tried again after it failed', async () => {
  const ai = createFakeClient({
    flashcards: [{ type: 'refuse', status: 429, code: 'rate_limited', retryAfterMs: 9000 }, item(0), { type: 'fail' }, item(1), complete],
  });
  const ends: string[] = [];
  const view = show(ai, () => useSubmit('flashcards', { onEnd: ({ status }) => ends.push(status) }));
  expect(view.seen()).toMatchObject({ status: 'idle', isSubmitting: false, job: undefined, connection: { state: 'closed' } });
  await act(async () => view.seen().submit({ content: 'Notes.' }));
  expect(view.seen()).toMatchObject({ status: 'idle', error: { code: 'rate_limited', retryAfterMs: 9000 } });
  await act(async () => view.seen().submit({ content: 'Notes.' }));
  await view.until(({ status }) => status === 'failed');
  expect(ai.requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
  await act(async () => view.seen().retry());
  await view.until(({ status }) => status === 'completed');
  expect(view.seen()).toMatchObject({ attempt: 2, restart: { itemsKept: 1 }, error: undefined });
  expect(ends).toEqual(['failed', 'completed']);
  await act(async () => view.seen().reset());
  expect(view.seen()).toMatchObject({ status: 'idle', items: {} });
});

test('a submission without a network has no id until it is sent, and says why', async () => {
  const scripts: Scripts = { flashcards: [item(0), complete] };
  const server = new FakeServer(scripts);
  const kept = new Map<string, string>();
  const storage = {
    getItem: async (key: string) => kept.get(key) ?? null,
    setItem: async (key: string, value: string) => void kept.set(key, value),
    removeItem: async (key: string) => void kept.delete(key),
  };
  const ai = createClient({ baseUrl: 'http://fake.invalid', fetch: server.fetch, storage, backoff: { firstMs: 5, mostMs: 5 } });
  server.isOffline = true;
  const view = show(ai, () => useSubmit(ai.flashcards));
  await act(async () => view.seen().submit({ content: 'Notes.' }));
  await view.until(({ connection }) => connection.state === 'offline');
  expect(view.seen().job?.id).toBeUndefined();
  server.isOffline = false;
  await view.until(({ status }) => status === 'completed');
  expect(view.seen().job?.id).toMatch(/^generate-flashcards-/);
});

test('the list of all jobs stays true: new ones come, states change, a filter drops who leaves it, older ones are read on demand', async () => {
  const ai = createFakeClient({ flashcards: [wait, complete], lesson: [wait, wait, { type: 'fail' }] });
  const jobs = [await ai.flashcards({ content: 'One.' }), await ai.lesson({ topic: 'Two' }), await ai.lesson({ topic: 'Three' })];
  const ids = jobs.map(({ id }) => id);
  const view = show(ai, () => ({ all: useJobs({ limit: 2 }), active: useJobs({ status: 'active' }), client: useAiJobs() }));
  expect(view.seen().all).toMatchObject({ isLoading: true, jobs: [] });
  const idsOf = (name: 'all' | 'active') => view.seen()[name].jobs.map(({ jobId }) => jobId);
  await view.until(({ active }) => active.jobs.length === 3);
  expect(idsOf('all')).toEqual([ids[2], ids[1]]);
  expect(view.seen()).toMatchObject({ client: ai, all: { hasMore: true, isLoading: false } });
  await act(async () => view.seen().all.more());
  expect([idsOf('all'), view.seen().all.hasMore]).toEqual([[ids[2], ids[1], ids[0]], false]);

  await act(async () => ai.clock.advance(1000));
  await view.until(({ active }) => active.jobs.length === 2);
  expect(view.seen().all.jobs.map(({ status }) => status)).toEqual(['active', 'active', 'completed']);
  const fourth = await ai.lesson({ topic: 'Four' }); // as from another device
  await view.until(({ all, active }) => all.jobs[0]?.jobId === fourth.id && active.jobs.length === 3);
  expect(idsOf('all')).toHaveLength(4); // those of older pages stay
  await act(async () => ai.clock.advance(1000));
  await view.until(({ all }) => all.jobs.filter(({ status }) => status === 'failed').length === 2);
  expect(view.seen().all.jobs[1]?.error?.code).toBe('provider_unavailable');

  await ai.resume(fourth.id).delete();
  ai.network.drop();
  await view.until(({ all }) => all.jobs.length === 3); // what was missed is read when the connection is there again
  ai.network.goOffline();
  await view.until(({ all }) => all.connection.state === 'offline');
  await act(async () => view.seen().all.refresh());
  expect(view.seen().all).toMatchObject({ error: { code: 'unreachable' }, jobs: [{}, {}, {}] });
  ai.network.goOnline();
  await view.until(({ all }) => all.connection.state === 'live' && all.error === undefined);
  view.unmount();
  await ai.clock.advance(0);
  const sent = ai.requests.length;
  await ai.clock.advance(0);
  expect(ai.requests).toHaveLength(sent);
});

test('a hook that needs a client says what is missing', () => {
  openDom();
  const View = () => createElement('p', {}, useJobs().jobs.length);
  expect(() => render(createElement(View))).toThrow(/AiJobsProvider/);
});
