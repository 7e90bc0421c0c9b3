/** The openai SDK, unmodified, on two APIs behind nginx, while its connections are cut and an API and a worker are killed. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { createDice, type Dice } from '../support/dice.ts';
import { hasNginx, startNginx } from '../support/nginx.ts';
import { latch } from '../support/openai.ts';
import { freePort } from '../support/ports.ts';
import { startProxy } from '../support/proxy.ts';
import { ownRedis } from '../support/redis.ts';
import { type Process, startStack } from '../support/stack.ts';
import { expectUnharmed } from './ledger.ts';
import { type ModelOptions, startModel } from './model.ts';

type Event = OpenAI.Responses.ResponseStreamEvent;

const RESPONSES = 20;
const CARDS = 10;
const CUTS = 200;

/** A model, two APIs behind nginx and a network that can be cut, and the SDK's client for it. */
async function startAll(pace: ModelOptions) {
  const redis = await ownRedis();
  const model = await startModel(pace);
  const ports = [await freePort(), await freePort()];
  const limits = {
    WORKER_MAX_STALLED_COUNT: '1000',
    RATE_LIMIT_MAX: '100000',
    MAX_JOBS_PER_USER: '1000',
    MAX_STREAMS_PER_USER: '1000',
    WORKER_CONCURRENCY: '10',
  };
  const stack = await startStack({ REDIS_URL: redis.url, ...model.env, ...limits });
  const startAt = (at: number) => stack.startApi({ PORT: String(ports[at]) });
  const apis = [await startAt(0), await startAt(1)] as [Process, Process];
  const passing = { server: 'max_fails=1 fail_timeout=1s', location: 'proxy_buffering off; proxy_http_version 1.1;' };
  const nginx = await startNginx(
    apis.map(({ url }) => url),
    passing,
  );
  const proxy = await startProxy(Number(new URL(nginx).port));
  const client = new OpenAI({ baseURL: `http://127.0.0.1:${proxy.port}/v1`, apiKey: 'sk-ana' });
  return { model, stack, apis, startAt, proxy, client };
}

const submit = (client: OpenAI, n: number) =>
  client.responses.create({ model: 'generate-flashcards', input: `Notes ${n}.`, metadata: { count: String(CARDS) }, background: true });

const isTerminal = ({ type }: Event) => type === 'response.completed' || type === 'response.failed';

/**
 * Follows a response to its end, as an app would: each connection goes on after the last number that came. `leavesAfter` says after how many
 * events a connection is left. Resolves with all events and how many connections did not get to the end.
 */
async function follow(client: OpenAI, id: string, leavesAfter: () => number): Promise<{ events: Event[]; cuts: number }> {
  const events: Event[] = [];
  for (let cuts = 0; ; cuts++) {
    let left = leavesAfter();
    const last = events.at(-1)?.sequence_number;
    const cursor = last === undefined ? {} : { starting_after: last };
    try {
      for await (const event of await client.responses.retrieve(id, { stream: true, ...cursor })) {
        events.push(event);
        if (!isTerminal(event) && --left <= 0) break;
      }
    } catch (error) {
      expect(error).toSatisfy((what) => !(what instanceof OpenAI.APIError) || (what.status ?? 500) >= 500); // cut, or nobody is there
      continue;
    }
    const end = events.at(-1);
    if (end && isTerminal(end)) return { events, cuts };
    expect(left, 'a connection that is not left breaks, or brings the end').toBeLessThanOrEqual(0);
  }
}

/** All that a response owes to whoever followed it: each number once, the deltas are its text, and a replay is the same. */
async function expectWhole(client: OpenAI, id: string, events: Event[]): Promise<void> {
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, n) => n));
  const text = events.flatMap((event) => (event.type === 'response.output_text.delta' ? [event.delta] : [])).join('');
  const response = await client.responses.retrieve(id);
  expect([response.status, response.error, response.output_text]).toEqual(['completed', null, text]);
  const { flashcards } = JSON.parse(text) as { flashcards: { front: string }[] };
  expect(new Set(flashcards.map(({ front }) => front)).size).toBe(CARDS);
  const replay: Event[] = [];
  for await (const event of await client.responses.retrieve(id, { stream: true })) replay.push(event);
  expect(replay).toEqual(events);
}

/** Leaves each connection after one to three events. */
const leavingAfter = (dice: Dice) => () => 1 + dice(3);

test.runIf(hasNginx)(
  `over ${CUTS} cuts at random no delta is lost, none comes twice, and each response is bought by one call`,
  async () => {
    const dice = createDice(29);
    const { model, stack, apis, proxy, client } = await startAll({ cardMs: 30 });
    const made = await Promise.all(Array.from({ length: RESPONSES }, (_, n) => submit(client, n)));
    const following = made.map(async ({ id }) => ({ id, ...(await follow(client, id, leavingAfter(dice))) }));
    const worker = await stack.startWorker();
    for (let cut = 1; cut <= 5; cut++) {
      await model.hasWritten(cut * 30);
      proxy.cut();
    }
    const followed = await Promise.all(following);
    let cuts = followed.reduce((sum, one) => sum + one.cuts, 0);
    for (const { id, events } of followed) await expectWhole(client, id, events);
    // What is over can be read in pieces as well.
    for (let n = 0; cuts < CUTS || n < RESPONSES; n++) {
      const { id, events } = followed[n % RESPONSES] as (typeof followed)[number];
      const again = await follow(client, id, leavingAfter(dice));
      expect(again.events).toEqual(events);
      cuts += again.cuts;
    }
    expect(model.calls.map(({ content }) => content).toSorted()).toEqual(made.map((_, n) => `Notes ${n}.`).toSorted());
    await expectUnharmed([worker, ...apis, stack.api]);
  },
);

test.runIf(hasNginx)('a killed API and a killed worker are a pause: numbers go on without a gap, and no card is bought again', async () => {
  const dice = createDice(7);
  // The model writes up to a number of cards, and waits until what is killed has been started again.
  let upTo = 30;
  let more = latch();
  const { model, stack, apis, startAt, client } = await startAll({
    cardMs: 10,
    mayGoOn: async (call) => {
      while (model.written() >= upTo && !call.broken) await more.wait;
    },
  });
  const goOn = (cards: number) => {
    upTo = cards;
    more.open();
    more = latch();
  };
  const made = await Promise.all(Array.from({ length: RESPONSES }, (_, n) => submit(client, n)));
  const following = made.map(async ({ id }, n) => ({ id, ...(await follow(client, id, n % 2 ? leavingAfter(dice) : () => Infinity)) }));
  const workers = [await stack.startWorker(), await stack.startWorker()] as [Process, Process];
  for (const at of [0, 1] as const) {
    await model.hasWritten(30 + 60 * at);
    await apis[at].stop('SIGKILL');
    goOn(60 + 60 * at);
    apis[at] = await startAt(at);
    await model.hasWritten(60 + 60 * at);
    await workers[at].stop('SIGKILL');
    workers[at] = await stack.startWorker();
    goOn(at === 0 ? 90 : Infinity);
  }
  for (const { id, events } of await Promise.all(following)) await expectWhole(client, id, events);
  // A card may have been on its way when its worker died: it is the one that is asked for again.
  const bought = made.map((_, n) => model.calls.filter(({ content }) => content === `Notes ${n}.`));
  for (const calls of bought) expect(calls.map(({ had, wanted }) => had + wanted)).toEqual(calls.map(() => CARDS));
  expect(model.calls.length).toBeGreaterThan(RESPONSES);
  await expectUnharmed([...workers, ...apis, stack.api]);
});
