/** Tokens in addresses: good as long as their job, over rotations, deploys and a Redis that forgot everything. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { startEmbeddedStore } from '../../src/embedded/start.ts';
import { hmacOf } from '../../src/store/digest.ts';
import { StreamTokens } from '../../src/http/stream-token.ts';
import { fixedSecrets, SharedSecrets } from '../../src/http/token-secrets.ts';
import { holdDate } from '../support/hold-time.ts';
import { openQueue, waiting } from '../support/queue.ts';
import { startStack } from '../support/stack-in-process.ts';
import { connect } from '../../src/store/redis-connection.ts';

const OLD = 'the secret of last year';
const NEW = 'the secret of this year';

/** A token as the version before made them: for an hour, which was over `ageS` seconds ago. */
async function oldToken(secret: string, jobId: string, ageS: number): Promise<string> {
  const expiry = (Math.floor(Date.now() / 1000) - ageS).toString(36);
  const key = await crypto.subtle.importKey('raw', Buffer.from(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const signature = await crypto.subtle.sign('HMAC', key, Buffer.from(`stream ${jobId} ${expiry}`));
  return `${expiry}.${Buffer.from(signature).toString('base64url')}`;
}

const openStream = async (url: string, jobId: unknown, token: string) =>
  (await fetch(`${url}/api/jobs/${String(jobId)}/events?token=${token}`, { method: 'HEAD', headers: { accept: 'text/event-stream' } }))
    .status;

const tokenOf = (job: Record<string, any>) => String(job['streamUrl']).split('token=')[1] ?? '';

test('a token does not grow old: it opens its stream while the job can be found, then the answer is 404', async () => {
  const stack = await startStack({ STREAM_TOKEN_SECRET: OLD });
  const job = await stack.submit({ content: 'a' }, { 'user-id': 'ana' });
  const { jobId } = job;
  const anHourAgo = await oldToken(OLD, jobId, 3600);
  for (const token of [tokenOf(job), anHourAgo]) expect(await openStream(stack.url, jobId, token)).toBe(200);
  expect(await openStream(stack.url, jobId, await oldToken(NEW, jobId, -3600))).toBe(401);

  const { redis, keys } = await openQueue(stack.prefix);
  await redis.del(keys.job(jobId));
  for (const token of [tokenOf(job), anHourAgo]) expect(await openStream(stack.url, jobId, token)).toBe(404);
});

test('the version before takes the tokens of this one: they look like its own, with an expiry that never comes', async () => {
  const tokens = new StreamTokens(hmacOf, fixedSecrets([OLD]));
  const [, expiry = ''] = /^([0-9a-z]{1,10})\.[A-Za-z0-9_-]{43}$/.exec((await tokens.issuer())('job')) ?? [];
  expect(Number.parseInt(expiry, 36) * 1000).toBeGreaterThan(Date.UTC(3000, 0));
});

test('a token that expires does so after its time and not before', async () => {
  const tokens = new StreamTokens(hmacOf, fixedSecrets([OLD]), 3600);
  const issuedAt = holdDate(Date.UTC(2030, 0));
  const token = (await tokens.issuer())('job');
  expect(await tokens.check('job', token)).toBe('valid');
  vi.setSystemTime(issuedAt + 3_600_000);
  expect(await tokens.check('job', token)).toBe('valid');
  vi.setSystemTime(issuedAt + 3_600_001);
  expect(await tokens.check('job', token)).toBe('expired');
});

test('with STREAM_TOKEN_TTL_S tokens expire, and the answer says what to do', async () => {
  const stack = await startStack({ STREAM_TOKEN_SECRET: OLD, STREAM_TOKEN_TTL_S: '3600', NODE_ENV: 'production', AUTH: 'trusted-header' });
  const job = await stack.submit({ content: 'a' }, { 'user-id': 'ana' });
  const fresh = tokenOf(job);
  expect(await openStream(stack.url, job['jobId'], fresh)).toBe(200);
  const expired = await oldToken(OLD, job['jobId'], 2);
  expect(await openStream(stack.url, job['jobId'], expired)).toBe(401);
  expect(await stack.get(job['statusUrl'].replace(fresh, expired))).toMatchObject({
    status: 401,
    code: 'token_expired',
    detail: expect.stringContaining('status'),
  });
  expect(await stack.get(job['statusUrl'], { 'user-id': 'ana' })).toMatchObject({ status: 'waiting' }); // who says who they are needs none
  expect(await stack.get(job['statusUrl'].replace(fresh, expired), { 'user-id': 'ana' })).toMatchObject({ status: 'waiting' });
  expect(await stack.get(job['statusUrl'].replace(fresh, expired), { 'user-id': 'bob' })).toMatchObject({ status: 404 });
});

test('a secret is changed without a refusal: the first of the list signs, all verify', async () => {
  const stack = await startStack({ STREAM_TOKEN_SECRET: OLD });
  const [announced, changed, done] = await Promise.all([
    stack.startApi({ STREAM_TOKEN_SECRET: `${OLD},${NEW}` }),
    stack.startApi({ STREAM_TOKEN_SECRET: ` ${NEW} , ${OLD} ` }),
    stack.startApi({ STREAM_TOKEN_SECRET: NEW }),
  ]);
  const { jobId, ...first } = await stack.submit();
  const old = tokenOf(first);
  const fresh = tokenOf((await (await fetch(`${changed.url}/api/jobs/${jobId}`)).json()) as Record<string, any>);
  const statuses = async (token: string) =>
    Promise.all([stack.api, announced, changed, done].map(({ url }) => openStream(url, jobId, token)));
  expect(await statuses(old)).toEqual([200, 200, 200, 401]);
  expect(await statuses(fresh)).toEqual([401, 200, 200, 200]);
});

test.for(['newer', 'older'])(
  "after FLUSHALL, with every connection kept, older and newer API processes take each other's tokens: the %s one first",
  async (first) => {
    const store = await startEmbeddedStore();
    onTestFinished(() => store.stop());
    const stack = await startStack({ REDIS_URL: store.url });
    const operator = connect(store.url, 'wait', () => {});
    onTestFinished(() => operator.disconnect());
    const submitAt = async (url: string) => {
      const response = await fetch(`${url}/api/ai/generate-flashcards`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"content":"a"}',
      });
      return (await response.json()) as Record<string, any>;
    };
    await submitAt(stack.url); // so that it holds a secret
    await operator.flushall();
    const newer = await stack.startApi();
    const urls = first === 'newer' ? [newer.url, stack.url] : [stack.url, newer.url];
    for (const at of urls) {
      const job = await submitAt(at);
      const statuses = await Promise.all(urls.map((url) => openStream(url, job['jobId'], tokenOf(job))));
      expect([urls.indexOf(at), statuses]).toEqual([urls.indexOf(at), [200, 200]]);
    }
  },
);

test('tokens that are not good make a process ask for the shared secret only so often, and none waits long for its answer', async () => {
  let asked = 0;
  const secrets = new SharedSecrets(
    async (own) => (asked++, own),
    () => OLD,
  );
  const tokens = new StreamTokens(hmacOf, secrets);
  const forged = await oldToken(NEW, 'job', 0);
  const verdicts = await Promise.all(Array.from({ length: 500 }, () => tokens.check('job', forged)));
  expect(new Set(verdicts)).toEqual(new Set(['invalid']));
  expect(asked).toBeLessThan(10);
});

test('one secret, however many processes ask for the first at once', async () => {
  const { queue, keyPrefix } = await openQueue();
  const queues = [queue, ...(await Promise.all(Array.from({ length: 3 }, async () => (await openQueue(keyPrefix)).queue)))];
  const all = await Promise.all(queues.flatMap((each, n) => [1, 2].map((m) => each.shared('word', () => `${n} ${m}`))));
  expect(new Set(all).size).toBe(1);
  await waiting().del(`${keyPrefix}:word`);
  expect(await queue.shared('word', () => all[0] ?? '')).toBe(all[0]); // gone: put back
});
