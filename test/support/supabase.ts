/** The part of a Supabase project that signs in users: keys that can be rotated, and access tokens as its Auth service makes them. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';

/** What a token can be made with. A claim that is undefined is left out. */
export type TokenOptions = {
  claims?: Record<string, unknown>;
  /** With which of the project's keys, counted from 0; the newest by default. */
  key?: number;
  /** Signs with HS256 and this secret instead. */
  secret?: string;
};

/** A project that runs until the test is over. */
export type Project = {
  env: Record<string, string>;
  url: string;
  /** Makes an access token of a user. */
  token(user: string, options?: TokenOptions): Promise<string>;
  /** Makes a key that the project signs with from now on. Those before stay published, if `keep`. */
  rotate(keep: boolean): Promise<void>;
  /** How often the keys were fetched. */
  fetched(): number;
  /** From now on the keys are answered with this status; 200 brings them back. */
  answer(status: number): void;
  /** The public key that is published, as JSON Web Key. */
  publicKey(): object;
};

export const ANA = '11111111-1111-4111-8111-111111111111';
export const BOB = '22222222-2222-4222-8222-222222222222';

/** Starts a project with one key. */
export async function startProject(): Promise<Project> {
  const keys: { privateKey: CryptoKey; published: Record<string, unknown> | undefined }[] = [];
  let [status, fetches] = [200, 0];

  const rotate = async (keep: boolean): Promise<void> => {
    if (!keep) for (const key of keys) key.published = undefined;
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const published = { ...(await exportJWK(publicKey)), kid: `key-${keys.length}`, alg: 'ES256', use: 'sig' };
    keys.push({ privateKey, published });
  };
  await rotate(true);

  const server = createServer((_request, response) => {
    fetches++;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(status === 200 ? JSON.stringify({ keys: keys.flatMap(({ published }) => published ?? []) }) : '<html>no</html>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;

  return {
    url,
    env: { SUPABASE_URL: url },
    rotate,
    fetched: () => fetches,
    answer: (wanted) => void (status = wanted),
    publicKey: () => keys.at(-1)?.published ?? {},
    async token(user, { claims = {}, key = keys.length - 1, secret } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const payload: JWTPayload = {
        iss: `${url}/auth/v1`,
        aud: 'authenticated',
        sub: user,
        role: 'authenticated',
        iat: now,
        exp: now + 3600,
        session_id: crypto.randomUUID(),
        is_anonymous: false,
        app_metadata: { provider: 'email', providers: ['email'] },
        user_metadata: {},
        ...claims,
      };
      const signer = new SignJWT(payload);
      if (secret !== undefined) return signer.setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(new TextEncoder().encode(secret));
      const { privateKey } = keys[key] ?? {};
      if (!privateKey) throw new Error('there is no such key');
      return signer.setProtectedHeader({ alg: 'ES256', kid: `key-${key}`, typ: 'JWT' }).sign(privateKey);
    },
  };
}
