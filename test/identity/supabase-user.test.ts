/** Tests who is believed to be a user of a Supabase project, and what happens while its keys can't be had. */
import { createHmac } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { KeySetOptions } from '../../src/identity/key-set.ts';
import { bySupabase, keysOf } from '../../src/identity/supabase-user.ts';
import { ANA, type Project, startProject, type TokenOptions } from '../support/supabase.ts';

const SECRET = 'a secret of the project, which is long enough';

/** From now on time stands still, but for what the test lets pass, in ms. */
function stopTime(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms) => void vi.advanceTimersByTime(ms);
}

/** The check, as a request with this token sees it: the caller, whose session it is, or the code of the refusal. */
function checker(project: Project, jwtSecret?: string, options: Partial<KeySetOptions> = {}) {
  const { identify } = bySupabase({ url: project.url, jwtSecret }, keysOf(project, { options }));
  return async (token: string): Promise<unknown> => {
    try {
      const { session, ...caller } = (await identify((name) => (name === 'authorization' ? `Bearer ${token}` : undefined))) ?? {};
      expect(session).toBe(token);
      return caller;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
}

test('a session is its user, with the plan that only the server can write', async () => {
  const project = await startProject();
  const check = checker(project);
  expect(await check(await project.token(ANA))).toEqual({ user: ANA });
  expect(await check(await project.token(ANA.toUpperCase()))).toEqual({ user: ANA });
  const plans = { app_metadata: { plan: 'pro' }, user_metadata: { plan: 'gold' } };
  expect(await check(await project.token(ANA, { claims: plans }))).toEqual({ user: ANA, plan: 'pro' });
  expect(await check(await project.token(ANA, { claims: { user_metadata: { plan: 'gold' } } }))).toEqual({ user: ANA });
  expect(await check(await project.token(ANA, { claims: { is_anonymous: true, app_metadata: null } }))).toEqual({ user: ANA });
  expect(project.fetched()).toBe(1);
});

const now = () => Math.floor(Date.now() / 1000);
const REFUSED: [what: string, options: () => TokenOptions, code: string][] = [
  ['another issuer', () => ({ claims: { iss: 'https://other.example/auth/v1' } }), 'token_invalid'],
  ['no issuer', () => ({ claims: { iss: undefined } }), 'token_invalid'],
  ['another audience', () => ({ claims: { aud: 'anon' } }), 'token_invalid'],
  ['one that has expired', () => ({ claims: { exp: now() - 60 } }), 'token_expired'],
  ['one without an end', () => ({ claims: { exp: undefined } }), 'token_invalid'],
  ['one that is not valid yet', () => ({ claims: { nbf: now() + 60 } }), 'token_invalid'],
  ['the anon key', () => ({ claims: { role: 'anon', sub: undefined, aud: undefined }, secret: SECRET }), 'token_invalid'],
  ['the service key', () => ({ claims: { role: 'service_role', sub: undefined, aud: undefined }, secret: SECRET }), 'token_invalid'],
  ['the role of the service', () => ({ claims: { role: 'service_role' } }), 'token_invalid'],
  ['no role', () => ({ claims: { role: undefined } }), 'token_invalid'],
  ['no user', () => ({ claims: { sub: undefined } }), 'token_invalid'],
  ['a user that is no UUID', () => ({ claims: { sub: 'ana' } }), 'token_invalid'],
  ['another secret', () => ({ secret: 'another secret, which is long enough, too' }), 'token_invalid'],
];

test.each(REFUSED)('%s is refused', async (_, options, code) => {
  const project = await startProject();
  expect(await checker(project, SECRET)(await project.token(ANA, options()))).toBe(code);
});

test('what was not signed, or with the public key as if it were a secret, is refused', async () => {
  const project = await startProject();
  const check = checker(project, SECRET);
  const [, payload = ''] = (await project.token(ANA)).split('.');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forged = (header: object, key?: string) => {
    const text = `${encode(header)}.${payload}`;
    return `${text}.${key === undefined ? '' : createHmac('sha256', key).update(text).digest('base64url')}`;
  };
  const tokens = [
    forged({ alg: 'none' }),
    forged({ alg: 'HS256' }, JSON.stringify(project.publicKey())),
    forged({ alg: 'HS256', kid: 'key-0' }, JSON.stringify(project.publicKey())),
    forged({ alg: 'ES256', kid: 'key-0' }, JSON.stringify(project.publicKey())),
    forged({ alg: 'HS512' }, SECRET),
    'x',
    'a.b.c',
    '..',
    `${await project.token(ANA)}x`,
    'ey'.repeat(5000),
  ];
  expect(await Promise.all(tokens.map(check))).toEqual(tokens.map(() => 'token_invalid'));
});

test('tokens of the secret and of keys are taken side by side, while a project moves on; without the secret those of keys only', async () => {
  const project = await startProject();
  const [old, young] = [await project.token(ANA, { secret: SECRET }), await project.token(ANA)];
  expect(await Promise.all([old, young].map(checker(project, SECRET)))).toEqual([{ user: ANA }, { user: ANA }]);
  expect(await Promise.all([old, young].map(checker(project)))).toEqual(['token_invalid', { user: ANA }]);
});

test('after a rotation the new key is found, and unknown keys lead to no flood of fetches', async () => {
  const project = await startProject();
  const pass = stopTime();
  const check = checker(project, undefined, { cooldownMs: 5000 });
  expect(await check(await project.token(ANA))).toEqual({ user: ANA });
  await project.rotate(true);
  pass(5001); // the cooldown of the first fetch
  expect(await check(await project.token(ANA))).toEqual({ user: ANA });
  expect(await check(await project.token(ANA, { key: 0 }))).toEqual({ user: ANA });
  expect(project.fetched()).toBe(2);
  await project.rotate(false);
  const others = await Promise.all(Array.from({ length: 50 }, async () => check(await project.token(ANA))));
  expect(new Set(others)).toEqual(new Set(['token_invalid'])); // within the cooldown
  expect(project.fetched()).toBe(2);
});

test('while the keys can not be fetched, known ones are used for a bounded time; nobody is refused for it', async () => {
  const project = await startProject();
  const pass = stopTime();
  const token = await project.token(ANA);
  const check = checker(project, undefined, { maxAgeMs: 60_000, maxStaleMs: 600_000, cooldownMs: 0 });
  project.answer(503);
  expect(await check(token)).toBe('identity_unavailable'); // none is known yet
  project.answer(200);
  expect(await check(token)).toEqual({ user: ANA });
  project.answer(503);
  pass(60_001); // maxAgeMs is over
  expect(await check(token)).toEqual({ user: ANA });
  pass(600_000); // maxStaleMs as well
  expect(await check(token)).toBe('identity_unavailable');
  project.answer(200);
  expect(await check(token)).toEqual({ user: ANA });
});

test('a process that starts while the keys can not be fetched takes those that another one has kept', async () => {
  const project = await startProject();
  let held: { text: string; ttlMs: number } | undefined;
  const kept = { load: async () => held?.text ?? null, save: async (text: string, ttlMs: number) => void (held = { text, ttlMs }) };
  const options = { maxAgeMs: 60_000, maxStaleMs: 600_000, cooldownMs: 0 };
  const first = keysOf(project, { options, kept });
  await first.prepare();
  expect([project.fetched(), held?.ttlMs]).toEqual([1, 660_000]);
  const identify = async (keys: typeof first) => {
    const authorization = `Bearer ${await project.token(ANA)}`;
    return bySupabase(project, keys).identify((name) => (name === 'authorization' ? authorization : undefined));
  };
  expect(await identify(first)).toMatchObject({ user: ANA });
  expect(project.fetched()).toBe(1); // they were there before the token came

  project.answer(503);
  const errors: unknown[] = [];
  const second = keysOf(project, { options, kept, onError: (error) => errors.push(error) });
  await second.prepare();
  expect(await identify(second)).toMatchObject({ user: ANA });
  expect(errors).toHaveLength(2); // one for each time it could not fetch them
  held = undefined;
  await expect(identify(keysOf(project, { options, kept }))).rejects.toMatchObject({ code: 'identity_unavailable' });
});

test('a good token is believed for a minute and not past its end; a bad one is checked each time', async () => {
  const project = await startProject();
  const pass = stopTime();
  const check = checker(project, SECRET, { maxAgeMs: 1, maxStaleMs: 0, cooldownMs: 0 });
  const [long, short] = [await project.token(ANA), await project.token(ANA, { claims: { exp: now() + 30 } })];
  expect(await Promise.all([long, short].map(check))).toEqual([{ user: ANA }, { user: ANA }]);
  project.answer(503);
  pass(29_000);
  expect(await Promise.all([long, short].map(check))).toEqual([{ user: ANA }, { user: ANA }]); // nothing is fetched
  pass(10_000);
  expect(await check(long)).toEqual({ user: ANA });
  expect(await check(short)).not.toEqual({ user: ANA });
  pass(30_000);
  expect(await check(long)).toBe('identity_unavailable');
  project.answer(200);
  expect(await check(short)).toBe('token_expired');
  expect(await check(long)).toEqual({ user: ANA });
});
