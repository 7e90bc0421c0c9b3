/** Requests to the deployment: who asks, how long an answer may take, and how a rate limit is waited for. */

/** What to ask, beside the address. */
export type Ask = {
  method?: string;
  headers?: Record<string, string>;
  /** It is sent as JSON; a text is sent as it is. */
  body?: unknown;
  /** Sends no identity, as EventSource does. */
  anonymous?: boolean;
};

/** An answer, read to its end. */
export type Answer = {
  status: number;
  headers: Headers;
  /** The body; empty if it is an event stream, which is left at once. */
  text: string;
  /** The body as a JSON object; empty if it is none. */
  json: Record<string, unknown>;
  /** How long it took, in ms. */
  ms: number;
};

/** How requests are made. */
export type Http = {
  /** How long one answer, or one job, may take, in ms. */
  patienceMs: number;
  /** The URL of an address of the deployment. Throws if it leads to another server: see addressAt. */
  urlOf(path: string): URL;
  /** The headers that say who asks. */
  identity: Record<string, string>;
  /** Asks, and reads the answer. Redirects are not followed. A 429 is waited for, as long as it asks for and the time allows. */
  ask(path: string, ask?: Ask): Promise<Answer>;
};

/** What requests are made with. `origin`: of the deployment. `token`: the session of a user; without it a new user is named. */
export type HttpOptions = { origin: URL; token: string | undefined; patienceMs: number };

/** Makes the way to ask a deployment. */
export function createHttp({ origin, token, patienceMs }: HttpOptions): Http {
  const identity: Record<string, string> = token
    ? { authorization: `Bearer ${token}` }
    : { 'user-id': `conformance-${crypto.randomUUID()}` };
  const urlOf = (path: string) => addressAt(origin, path);

  const askOnce = async (path: string, { method = 'GET', headers, body, anonymous }: Ask): Promise<Answer> => {
    const start = performance.now();
    const response = await fetch(urlOf(path), {
      method,
      headers: { ...(!anonymous && identity), ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await readBody(response);
    return { status: response.status, headers: response.headers, text, json: asObject(text), ms: performance.now() - start };
  };

  return {
    patienceMs,
    urlOf,
    identity,
    async ask(path, ask = {}) {
      const deadline = performance.now() + patienceMs;
      for (;;) {
        const answer = await askOnce(path, ask);
        const waitMs = pauseOf(answer, deadline);
        if (waitMs === undefined) return answer;
        await pause(waitMs);
      }
    },
  };
}

/**
 * The URL of an address that an answer gave. A session's token goes along with requests, so the address must lead to the server that
 * the operator named. What both are parsed to is compared, since parsers drop tabs and line breaks and read a backslash as a slash.
 * @throws Error if the address leads to another server, or is none
 */
export function addressAt(origin: URL, path: string): URL {
  const url = URL.canParse(path, origin.href) ? new URL(path, origin) : undefined;
  if (url?.origin === origin.origin) return url;
  throw new Error(`the address ${JSON.stringify(path)} is not one of ${origin.origin}; nothing was sent there`);
}

/** How long to wait before the same is asked again, in ms; undefined unless the answer is 429 and asks for a time before the deadline. */
export function pauseOf({ status, headers }: Pick<Answer, 'status' | 'headers'>, deadline: number): number | undefined {
  const waitMs = 1000 * Number(headers.get('retry-after') ?? Number.NaN);
  return status === 429 && performance.now() + waitMs < deadline ? waitMs : undefined;
}

/** Resolves after a time in ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function readBody(response: Response): Promise<string> {
  if (!isStream(response.headers)) return response.text();
  await response.body?.cancel();
  return '';
}

/** Whether an answer is an event stream. */
export function isStream(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}

function asObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}
