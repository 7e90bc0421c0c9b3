/** What a hosted project does and @supabase/lite does not: it stands before lite, and mends requests and answers. */
import {
  type CryptoKey,
  CompactSign,
  compactVerify,
  createLocalJWKSet,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  type JWK,
  SignJWT,
} from 'jose';

/** A layer before lite. */
export type Hosted = {
  /** Makes a key that signs from now on. Those before stay published. */
  rotate(): Promise<void>;
  /** Answers a request with what lite says to it. */
  respond(request: Request): Promise<Response>;
};

/** What the layer needs to know. */
export type HostedOptions = {
  /** The project's address, which stands in its tokens. */
  url: string;
  /** What lite signs and believes, which nobody else gets to see. */
  secret: string;
  /** Whether Storage answers ranges. */
  ranges: boolean;
  lite(request: Request): Promise<Response>;
};

/** Makes the layer, with one key. */
export async function createHosted({ url, secret, ranges, lite }: HostedOptions): Promise<Hosted> {
  const hmac = new TextEncoder().encode(secret);
  const published: JWK[] = [];
  let current: { kid: string; privateKey: CryptoKey };

  const rotate = async (): Promise<void> => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const kid = crypto.randomUUID();
    published.push({ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig', key_ops: ['verify'] });
    current = { kid, privateKey };
  };
  await rotate();

  /** The request with lite's signature in place of ours. A token that is not ours stays, and lite refuses it. */
  const believed = async (request: Request): Promise<Request> => {
    const token = /^Bearer (ey\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    if (token === undefined) return request;
    const verified = await compactVerify(token, createLocalJWKSet({ keys: published })).catch(() => undefined);
    if (verified === undefined) return request;
    const headers = new Headers(request.headers);
    const signed = await new CompactSign(verified.payload).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(hmac);
    headers.set('authorization', `Bearer ${signed}`);
    return new Request(request, { headers });
  };

  /** A session with a token of ours in place of lite's, which knows less of the user. */
  const session = async ({ access_token, ...rest }: Record<string, any>): Promise<object> => {
    if (access_token === undefined) return rest;
    const claims = decodeJwt(access_token);
    const { app_metadata, user_metadata, phone } = rest['user'];
    const metadata = { app_metadata: { provider: 'email', providers: ['email'], ...app_metadata }, user_metadata, phone };
    const how = { aal: 'aal1', amr: [{ method: 'password', timestamp: claims.iat }], is_anonymous: false };
    const signer = new SignJWT({ iss: `${url}/auth/v1`, ...claims, ...metadata, ...how });
    const token = await signer.setProtectedHeader({ alg: 'ES256', kid: current.kid, typ: 'JWT' }).sign(current.privateKey);
    return { access_token: token, ...rest };
  };

  return {
    rotate,
    async respond(received) {
      const { pathname } = new URL(received.url);
      const route = `${received.method} ${pathname}`;
      if (pathname === '/auth/v1/.well-known/jwks.json') return Response.json({ keys: published });
      const request = await believed(received);
      if (route.startsWith('POST /storage/v1/object/list/')) return list(request, lite);
      const response = await lite(route.startsWith(`GET ${AUTHENTICATED}`) ? shorter(request) : request);
      if (!response.ok) return response;
      if (/^POST \/auth\/v1\/(token|signup|verify)$/.test(route)) return Response.json(await session(await json(response)));
      if (route.startsWith('POST /storage/v1/object/sign/')) {
        const { signedUrl } = await json(response); // supabase-js reads another name, and puts this path before it
        return Response.json({ signedURL: signedUrl.replace('/storage/v1', '') });
      }
      const range = request.headers.get('range');
      return ranges && range !== null && route.startsWith('GET /storage/v1/object/') ? part(response, range) : response;
    },
  };
}

const AUTHENTICATED = '/storage/v1/object/authenticated/';

/** lite knows this path by another name. */
const shorter = ({ url, headers }: Request) => new Request(url.replace(AUTHENTICATED, '/storage/v1/object/'), { headers });

const json = async (message: Request | Response): Promise<any> => message.json();

/** One level of a folder: its files, and once each the folders in it, which have no id. lite lists all that begins like that. */
async function list(request: Request, lite: HostedOptions['lite']): Promise<Response> {
  const { prefix = '', limit = 100, offset = 0, search = '' } = await json(request);
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  const all = await lite(new Request(request.url, { method: 'POST', headers: request.headers, body: JSON.stringify({ prefix: folder }) }));
  if (!all.ok) return all;
  const level = new Map<string, object>();
  for (const object of (await json(all)).filter(({ name }: { name: string }) => name.startsWith(folder + search))) {
    const [name = '', ...below] = object.name.slice(folder.length).split('/');
    const nothing = { id: null, updated_at: null, created_at: null, last_accessed_at: null, metadata: null };
    level.set(name, below.length === 0 ? { ...object, name } : { name, ...nothing });
  }
  return Response.json([...level.values()].slice(offset, offset + limit));
}

/** The part of a file that is asked for. */
async function part(whole: Response, range: string): Promise<Response> {
  const bytes = new Uint8Array(await whole.arrayBuffer());
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  if (first === undefined) return new Response(bytes, { headers: whole.headers });
  const to = last === '' ? bytes.length : Math.min(Number(last) + 1, bytes.length);
  if (Number(first) >= to) return Response.json({ statusCode: '416', error: 'InvalidRange', message: 'InvalidRange' }, { status: 400 });
  const headers = new Headers(whole.headers);
  headers.set('content-range', `bytes ${first}-${to - 1}/${bytes.length}`);
  headers.delete('content-length');
  return new Response(bytes.subarray(Number(first), to), { status: 206, headers });
}
