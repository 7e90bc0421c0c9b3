/** Who has a place: users and sites share them, and those that were slow share a part of them. */
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createDeliverWebhook } from '../../src/notifications/deliver-webhook.ts';
import { Gone } from '../../src/notifications/gone.ts';
import { Bulkheads } from '../../src/notifications/bulkheads.ts';
import type { Notification } from '../../src/notifications/notification.ts';
import { Places } from '../../src/notifications/places.ts';
import { siteOf } from '../../src/notifications/site.ts';
import { WebhookEndpoints } from '../../src/notifications/webhook-endpoints.ts';
import { WebhookSecrets } from '../../src/notifications/webhook-secrets.ts';
import { openTestQueue } from '../support/notifications.ts';

/** Places on a clock that stands still until it is moved. */
function open() {
  let now = 0;
  const places = new Places(new Bulkheads(() => now), () => now);
  const enter = (owner: string, host = `${owner}.example`) => places.enter({ owner, url: `https://${host}/hook` });
  /** Takes as many places as there are, of so many that are wanted. */
  const take = (count: number, owner: string, host?: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => enter(owner, host?.(n))).filter((place) => place.type === 'free');
  return { enter, take, remembered: () => places.remembered(), pass: (ms: number) => (now += ms) };
}

const hostsOf = (user: string) => (n: number) => `h${n}.${user}.example`;

describe('receivers that hang', () => {
  test('of 27 users, each at servers of its own, leave a place to whoever comes then', () => {
    const { enter, take } = open();
    const taken = Array.from({ length: 27 }, (_, n) => take(100, `eve-${n}`, (m) => `h${m}.eve-${n}-${m}.example`).length);
    expect(taken[0]).toBe(8);
    expect(Math.min(...taken)).toBeGreaterThanOrEqual(1);
    for (let n = 0; n < 5; n++) expect(enter(`innocent-${n}`).type).toBe('free');
  });

  test('of one site leave two thirds of all places to others, however many users and names it has', () => {
    const { enter, take } = open();
    const taken = Array.from({ length: 400 }, (_, n) => take(100, `eve-${n}`, (m) => `h${m}-${n}.hang.example`).length);
    expect(taken.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(67);
    expect(enter('innocent').type).toBe('free');
  });

  test('share a quarter of the places from their second try on', () => {
    const { enter, take, pass } = open();
    const all = () => Array.from({ length: 60 }, (_, n) => take(8, `eve-${n}`, (m) => `h${m}.eve-${n}-${m}.example`)).flat();
    const first = all();
    expect(first.length).toBeGreaterThan(100);
    pass(15_000);
    for (const place of first) place.leave(false);
    expect(all()).toHaveLength(50);
    expect(Array.from({ length: 60 }, (_, n) => enter(`innocent-${n}`).type).filter((type) => type === 'free')).toHaveLength(60);
  });

  test('of a user leave places to this user’s other receivers, also when they have hung before', () => {
    const { take, pass } = open();
    const one = () => 'hang.example';
    const first = take(30, 'ana', one);
    expect(first).toHaveLength(4);
    const others = take(9, 'ana', () => 'good.example');
    expect(others).toHaveLength(4);
    for (const place of others) place.leave(true);
    pass(15_000);
    for (const place of first) place.leave(false);
    expect(take(30, 'ana', one)).toHaveLength(1);
    expect(take(9, 'ana', () => 'better.example')).toHaveLength(3);
  });
});

describe('a receiver that has hung', () => {
  const hang = ({ take, pass }: ReturnType<typeof open>, owner: string, host: string) => {
    const places = take(1, owner, () => host);
    pass(15_000);
    for (const place of places) place.leave(false);
  };
  const limitOf = (place: ReturnType<ReturnType<typeof open>['enter']>) => place.type === 'free' && place.limitMs;

  test('has the usual time once at a time, and a third of it otherwise: whoever names it, and whatever else its user names', () => {
    const parts = open();
    hang(parts, 'eve', 'hang.example');
    const probe = parts.enter('eve', 'hang.example');
    expect(limitOf(probe)).toBe(15_000);
    expect(limitOf(parts.enter('bob', 'hang.example'))).toBe(5000);
    expect(limitOf(parts.enter('eve', 'other.example'))).toBe(5000);
    expect(limitOf(parts.enter('bob', 'good.example'))).toBe(15_000);
    if (probe.type === 'free') probe.leave(false);
    expect(limitOf(parts.enter('eve', 'third.example'))).toBe(15_000);
  });

  test('is as any other when it answers in time, and its user some minutes later', () => {
    const parts = open();
    hang(parts, 'eve', 'hang.example');
    const [probe] = parts.take(1, 'ana', () => 'hang.example');
    parts.pass(100);
    probe?.leave(true);
    expect(parts.take(9, 'bob', () => 'hang.example')).toHaveLength(4);
    expect(parts.take(9, 'eve', hostsOf('eve'))).toHaveLength(4);
    parts.pass(10 * 60_000);
    expect(parts.take(9, 'eve', hostsOf('eve-2'))).toHaveLength(4); // eight with those that she has
  });

  test('is forgotten in the end, with its user', () => {
    const parts = open();
    for (let n = 0; n < 3; n++) hang(parts, `eve-${n}`, `h${n}.example`);
    expect(parts.remembered()).toBe(6);
    parts.pass(10 * 60_000);
    hang(parts, 'mallory', 'last.example');
    expect(parts.remembered()).toBe(2);
  });
});

test('a receiver that answers late keeps its time, and shares the places of the slow', () => {
  const { take, pass } = open();
  const [first] = take(1, 'ana', () => 'slow.example');
  pass(10_000);
  first?.leave(true);
  const again = take(9, 'ana', () => 'slow.example');
  expect(again.map(({ limitMs }) => limitMs)).toEqual([15_000]);
  expect(take(1, 'bob', () => 'slow.example').map(({ limitMs }) => limitMs)).toEqual([15_000]);
});

test('27 users whose receivers hang hold up no webhook of another user: it is sent while all of theirs are on their way', async () => {
  const { queue, store } = await openTestQueue<Notification>();
  const hanging: string[] = [];
  const delivered = Promise.withResolvers<string>();
  queue.start(async (tried) => {
    if (tried.data.type !== 'webhook') throw new Error('no webhook');
    return deliver(tried, tried.data);
  });
  const places = new Places(new Bulkheads());
  const secrets = new WebhookSecrets(store, async () => ['a secret of sixteen']);
  const deliver = createDeliverWebhook({
    places,
    post: async ({ url }, _timeoutMs, signal) => {
      if (!url.includes('hang')) {
        delivered.resolve(url);
        return { type: 'answered', status: 204 };
      }
      hanging.push(url);
      await once(signal, 'abort');
      return { type: 'failed', code: 'stopped' };
    },
    secrets,
    endpoints: new WebhookEndpoints(store, secrets),
    gone: new Gone(store),
    statusUrl: async (jobId) => jobId,
    userAgent: 'test',
    log: { info() {}, warn() {} },
  });
  const webhook = (owner: string, host: string) => {
    const data: Notification = { type: 'webhook', owner, kind: 'k', status: 'completed', at: 1, url: `https://${host}/` };
    return { id: `msg_${host}`, jobId: host, owner, data, delayMs: 0, tries: 10 };
  };
  for (let n = 0; n < 27; n++) await queue.add(Array.from({ length: 8 }, (_, m) => webhook(`eve-${n}`, `h${m}.hang-${n}-${m}.example`)));
  await expect.poll(() => new Set(hanging.map((url) => /hang-(\d+)/.exec(url)?.[1])).size).toBe(27);
  await queue.add([webhook('innocent', 'good.example')]);
  expect(await delivered.promise).toBe('https://good.example/');
});

test('a site is what somebody can register, an address, or a network of IPv6', () => {
  const sites: Record<string, string> = {
    'https://a.b.hook.example:8443/x': 'hook.example',
    'https://hook.example./': 'hook.example',
    'https://a.b.hook.co.uk/': 'hook.co.uk',
    'https://x.com.au/': 'x.com.au',
    'https://a.b.io/': 'b.io',
    'https://single/': 'single',
    'https://93.184.216.34:8443/': '93.184.216.34',
    'https://[2606:4700:1:2:3:4:5:6]/': '2606:4700:1:2::',
    'https://[2606:4700::1111]:444/': '2606:4700:0:0::',
    'http://127.0.0.1:3000/': '127.0.0.1:3000',
    'http://[::1]:3000/': '[::1]:3000',
    'http://a.localhost:3000/': 'a.localhost:3000',
  };
  expect(Object.fromEntries(Object.keys(sites).map((url) => [url, siteOf(new URL(url))]))).toEqual(sites);
});
