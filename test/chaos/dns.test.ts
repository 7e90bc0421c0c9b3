/** A DNS that never answers for the names of one user, while Redis, which has a name as well, breaks off all connections. */
import { expect, test } from 'vitest';
import { startDns } from '../support/dns.ts';
import { startReceiver } from '../support/receiver.ts';
import { ownRedis } from '../support/redis.ts';
import { startStack } from '../support/stack.ts';
import { expectUnharmed } from './ledger.ts';

const HANGING = 40;

test('one user’s 40 names hang; the other’s webhooks arrive, and the process finds Redis again by its name', async () => {
  const dns = await startDns(() => undefined);
  const redis = await ownRedis();
  const stack = await startStack({
    REDIS_URL: redis.url.replace('127.0.0.1', 'localhost'),
    WEBHOOK_SECRET: 'a secret of sixteen',
    WEBHOOK_DNS_SERVERS: dns.server,
  });
  const worker = await stack.startWorker();
  const receiver = await startReceiver();
  const submit = (user: string, n: number, callbackUrl: string) =>
    stack.submit({ content: `Hund: dog ${n}`, callbackUrl }, { 'user-id': user });
  for (let n = 0; n < HANGING; n++) await submit('eve', n, `http://n${n}.hang.example/`);
  await dns.asked(2 * 8); // as many as one user has on the way

  await submit('ana', 0, receiver.url);
  await receiver.called(1);
  await redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(200);
  await submit('ana', 1, receiver.url);
  await receiver.called(2);
  await expectUnharmed([worker, stack.api]);
});
