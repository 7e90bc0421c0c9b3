/** Looking up names that users have given: what each kind of answer comes to, and that one that never comes holds nothing but itself. */
import { lookup } from 'node:dns/promises';
import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createResolveName } from '../../src/notifications/resolve-name.ts';
import { type DnsAnswer, startDns } from '../support/dns.ts';

const calm = new AbortController().signal;
const PUBLIC = '93.184.216.34';
const NOT_FOUND = { code: 'ENOTFOUND' };
const v4 = (address: string) => ({ address, family: 4 });
const v6 = (address: string) => ({ address, family: 6 });

/** What a name leads to where its server answers so. */
async function resolveWith(answer: DnsAnswer, name = 'hook.example') {
  const dns = await startDns(() => answer);
  return createResolveName({ servers: [dns.server] })(name, calm);
}

describe('a name', () => {
  test('leads to its addresses of both families, those of IPv4 first', async () => {
    expect(await resolveWith({ addresses: ['2606:4700::1111', PUBLIC] })).toEqual([v4(PUBLIC), v6('2606:4700::1111')]);
  });

  test('with one family only leads to that', async () => {
    expect(await resolveWith({ addresses: ['2606:4700::1111'] })).toEqual([v6('2606:4700::1111')]);
    expect(await resolveWith({ addresses: [PUBLIC] })).toEqual([v4(PUBLIC)]);
  });

  test('that is another name’s alias leads where that one does, over many steps', async () => {
    const aliases = Array.from({ length: 9 }, (_, n) => `step-${n}.example`);
    expect(await resolveWith({ aliases, addresses: [PUBLIC] })).toEqual([v4(PUBLIC)]);
    await expect(resolveWith({ aliases })).rejects.toMatchObject(NOT_FOUND); // to no address
    await expect(resolveWith({ aliases: ['hook.example', 'hook.example'] })).rejects.toMatchObject(NOT_FOUND); // in a circle
  });

  test('whose answer may be kept for no time is asked for each time', async () => {
    const dns = await startDns(() => ({ addresses: [PUBLIC], ttl: 0 }));
    const resolveName = createResolveName({ servers: [dns.server] });
    expect([await resolveName('hook.example', calm), await resolveName('hook.example', calm)]).toEqual([[v4(PUBLIC)], [v4(PUBLIC)]]);
    expect(dns.questions.filter(({ type }) => type === 'A')).toHaveLength(2);
  });

  test('with a hundred addresses leads to a few of them', async () => {
    const addresses = Array.from({ length: 100 }, (_, n) => [`93.184.216.${n}`, `2606:4700::${n + 1}`]).flat();
    const found = await resolveWith({ addresses });
    expect(found.map(({ family }) => family)).toEqual([4, 4, 4, 4, 6, 6, 6, 6]);
    expect(found.filter(({ address }) => !addresses.includes(address))).toEqual([]);
  });

  test.each<[string, DnsAnswer]>([
    ['is not there', { code: 3 }],
    ['has no address', {}],
    ['has a server that fails', { code: 2 }],
    ['has a server that refuses', { code: 5 }],
  ])('that %s is not found', async (_what, answer) => {
    await expect(resolveWith(answer)).rejects.toMatchObject(NOT_FOUND);
  });

  test('that is no name for DNS is not found', async () => {
    for (const name of ['a'.repeat(64), 'a..example', `${'a.'.repeat(130)}example`]) {
      await expect(resolveWith({ addresses: [PUBLIC] }, name), name).rejects.toMatchObject(NOT_FOUND);
    }
  });

  test('is asked for as it stands, whatever its case, and with no other behind it', async () => {
    const dns = await startDns(() => ({ code: 3 }));
    await expect(createResolveName({ servers: [dns.server] })('Hook.', calm)).rejects.toMatchObject(NOT_FOUND);
    expect(new Set(dns.questions.map(({ name }) => name.toLowerCase()))).toEqual(new Set(['hook']));
  });
});

describe('an answer that is late', () => {
  test('is an answer', async () => {
    const first = Promise.withResolvers<DnsAnswer>();
    const dns = await startDns(({ type }) => (type === 'A' ? first.promise : {}));
    const found = createResolveName({ servers: [dns.server], limitMs: 600_000 })('slow.example', calm);
    await expect.poll(() => dns.questions.filter(({ type }) => type === 'A').length).toBe(2); // it was asked once more
    first.resolve({ addresses: [PUBLIC] });
    expect(await found).toEqual([v4(PUBLIC)]);
  });

  test('for one family is not waited for where the other has one', async () => {
    const dns = await startDns(({ type }) => (type === 'A' ? { addresses: [PUBLIC] } : undefined));
    expect(await createResolveName({ servers: [dns.server], limitMs: 600_000 })('half.example', calm)).toEqual([v4(PUBLIC)]);
  });

  test('by more than the limit is none, and nor is one that nobody waits for any more', async () => {
    const dns = await startDns(() => undefined);
    await expect(createResolveName({ servers: [dns.server], limitMs: 50 })('never.example', calm)).rejects.toMatchObject(NOT_FOUND);
    const leaving = new AbortController();
    const left = createResolveName({ servers: [dns.server], limitMs: 600_000 })('never.example', leaving.signal);
    await dns.asked(3);
    leaving.abort();
    await expect(left).rejects.toMatchObject(NOT_FOUND);
    await expect(createResolveName({ servers: [dns.server] })('never.example', leaving.signal)).rejects.toMatchObject(NOT_FOUND);
  });

  test('holds up no look-up of the system’s, by which Redis and Supabase are found', async () => {
    const dns = await startDns(() => undefined);
    const leaving = new AbortController();
    const resolveName = createResolveName({ servers: [dns.server], limitMs: 600_000 });
    const order: string[] = [];
    const hanging = Array.from({ length: 64 }, (_, n) =>
      resolveName(`n${n}.hang.example`, leaving.signal).catch(() => order.push('given up')),
    );
    await dns.asked(128);
    await lookup('localhost');
    order.push('localhost');
    leaving.abort();
    await Promise.all(hanging);
    expect(order[0]).toBe('localhost');
  });
});

describe('without DNS', () => {
  const unasked = async () => {
    const dns = await startDns(() => undefined);
    return { servers: [dns.server], questions: dns.questions };
  };

  test('localhost, and what lies under it, is this machine', async () => {
    const { questions, ...options } = await unasked();
    const resolveName = createResolveName({ ...options, hostsFile: '/none' });
    for (const name of ['localhost', 'LOCALHOST.', 'a.b.localhost'])
      expect(await resolveName(name, calm)).toEqual([v4('127.0.0.1'), v6('::1')]);
    expect(questions).toEqual([]);
  });

  test('the hosts file has names, also those that are added to it', async () => {
    const { questions, ...options } = await unasked();
    const hostsFile = join(mkdtempSync(join(tmpdir(), 'hosts-')), 'hosts');
    writeFileSync(
      hostsFile,
      `# 1.2.3.4 commented\n${PUBLIC}\tHook.Test  other.test # third.test\r\n2606:4700::1111 hook.test\nfe80::1%lo0 card.test\nnonsense nonsense.test\n`,
    );
    const resolveName = createResolveName({ ...options, hostsFile, limitMs: 50 });
    expect(await resolveName('hook.test', calm)).toEqual([v4(PUBLIC), v6('2606:4700::1111')]);
    expect(await resolveName('other.test.', calm)).toEqual([v4(PUBLIC)]);
    expect(questions).toEqual([]);
    for (const name of ['commented', 'third.test', 'card.test', 'nonsense.test']) {
      await expect(resolveName(name, calm), name).rejects.toMatchObject(NOT_FOUND);
    }
    writeFileSync(hostsFile, '1.1.1.1 hook.test\n');
    utimesSync(hostsFile, 1, 1);
    expect(await resolveName('hook.test', calm)).toEqual([v4('1.1.1.1')]);
  });
});
