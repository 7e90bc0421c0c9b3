/** A server in memory that speaks as ai-jobs does, by scripts and by the test's own clock: what `createFakeClient` talks to. */
import type { JobObject } from './events.ts';
import { FakeJob, type JobFollower, type ScriptStep } from './fake-job.ts';
import { type Kinds, KINDS } from './kinds.ts';
import type { Problem } from './problem.ts';

/** A submission that is refused, such as with 429. It stands at the beginning of a script: each answers one submission. */
export type Refusal = { type: 'refuse'; status: number; code: Problem['code']; detail?: string; retryAfterMs?: number };

/** What the jobs of a kind do. A function gets the input, and makes the script of one job; `refuse` is not for it. */
export type Script<Kind extends keyof Kinds> =
  | readonly (Refusal | ScriptStep<Kind>)[]
  | ((input: Kinds[Kind]['input']) => readonly ScriptStep<Kind>[]);

/** The scripts, by the client's methods. A kind without one makes jobs that go on for ever. */
export type Scripts = { readonly [Kind in keyof Kinds]?: Script<Kind> };

/** A request that was sent. */
export type SentRequest = { method: string; path: string; headers: Headers; body: unknown };

/** The first moment of the clock. */
const START = Date.parse('2026-01-01T00:00:00Z');

const encoder = new TextEncoder();

/** Real timers, also where a test has replaced them. */
const { setTimeout: later } = globalThis;

/** For how many turns of the event loop the client is waited for. */
const TURNS = 50;

/** An open stream. */
type Stream = JobFollower & { isRead(): boolean };

/** The server. */
export class FakeServer {
  readonly requests: SentRequest[] = [];
  readonly #scripts: Scripts;
  readonly #refusals = new Map<string, Refusal[]>();
  readonly #jobs = new Map<string, FakeJob>();
  readonly #keys = new Map<string, string>();
  readonly #streams = new Set<Stream>();
  readonly #watchers = new Set<(job: FakeJob) => void>();
  /** How many streams were cut, and are not there again. */
  #missing = 0;
  #now = 0;
  #isOffline = false;

  constructor(scripts: Scripts) {
    this.#scripts = scripts;
    for (const [kind, script] of Object.entries(scripts) as [keyof Kinds, unknown][]) {
      if (Array.isArray(script)) this.#refusals.set(kind, script.filter(({ type }: { type: string }) => type === 'refuse') as Refusal[]);
    }
  }

  get now(): number {
    return this.#now;
  }

  /** Lets time pass, and all happen that is due then. Resolves when the client has read it. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await this.#settle();
      const due = [...this.#jobs.values()].filter(({ dueAt }) => dueAt !== undefined && dueAt <= until);
      const next = due.find(({ dueAt }) => dueAt === Math.min(...due.map((job) => job.dueAt ?? 0)));
      if (!next) break;
      this.#now = Math.max(this.#now, next.dueAt ?? 0);
      next.run(this.#now);
    }
    this.#now = until;
  }

  /** Cuts all connections. While it is offline none comes back. */
  drop(): void {
    for (const stream of this.#streams) stream.cut();
  }

  set isOffline(isOffline: boolean) {
    this.#isOffline = isOffline;
    if (isOffline) this.drop();
  }

  /** Waits until all streams are read to their end of now, and those that were cut are there again. */
  async #settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) {
      await new Promise((resolve) => later(resolve, 0));
      const isRead = [...this.#streams].every((stream) => stream.isRead());
      if (turn > 1 && isRead && (this.#missing === 0 || this.#isOffline)) break;
    }
    this.#missing = 0; // nobody reads any more
  }

  /** What the client fetches with. */
  readonly fetch: typeof fetch = async (input, init = {}) => {
    const url = new URL(input as string);
    const method = init.method ?? 'GET';
    const headers = new Headers(init.headers);
    const body = typeof init.body === 'string' ? (JSON.parse(init.body) as unknown) : init.body;
    this.requests.push({ method, path: url.pathname + url.search, headers, body });
    if (this.#isOffline) throw new TypeError('the fake server is offline');
    if (init.signal?.aborted) throw init.signal.reason;
    return this.#answer(method, url, headers, body, init.signal);
  };

  #answer(method: string, url: URL, headers: Headers, body: unknown, signal: AbortSignal | null | undefined): Response {
    const kind = (Object.keys(KINDS) as (keyof Kinds)[]).find((one) => KINDS[one].path === url.pathname);
    if (method === 'POST' && kind) return this.#submit(kind, headers, body);
    if (url.pathname === '/api/jobs') return this.#list(url.searchParams);
    if (url.pathname === '/api/events') return this.#watch(signal);
    const [, id = '', what = ''] = /^\/api\/jobs\/([^/]+)\/?(.*)$/.exec(url.pathname) ?? [];
    const job = this.#jobs.get(id);
    if (!job) return refusal({ type: 'refuse', status: 404, code: id ? 'job_not_found' : 'not_found' });
    switch (`${method} ${what.split('/')[0]}`) {
      case 'GET ':
        return Response.json(job.show(url.searchParams.get('include') === 'items'));
      case 'GET events':
        return this.#follow(job, Number(headers.get('last-event-id') ?? 0), signal);
      case 'GET output':
        return job.output ? new Response(job.output) : refusal({ type: 'refuse', status: 404, code: 'output_not_found' });
      case 'POST cancel':
        job.cancel();
        return this.#changed(job);
      case 'POST retry':
        if (job.status !== 'failed') return refusal({ type: 'refuse', status: 409, code: 'job_not_failed' });
        job.retry(this.#now);
        return this.#changed(job);
      case 'DELETE ':
        this.#jobs.delete(id);
        for (const follower of job.followers) follower.cut();
        return new Response(null, { status: 204 });
      default:
        return refusal({ type: 'refuse', status: 404, code: 'not_found' });
    }
  }

  #submit(kind: keyof Kinds, headers: Headers, body: unknown): Response {
    const key = headers.get('idempotency-key') ?? '';
    const known = this.#jobs.get(this.#keys.get(key) ?? '');
    if (known) return Response.json(known.show(false), { status: 202 });
    const refused = this.#refusals.get(kind)?.shift();
    if (refused) return refusal(refused);
    const script: unknown = this.#scripts[kind] ?? [];
    const steps = (typeof script === 'function' ? script(body) : script) as readonly ({ type: 'refuse' } | ScriptStep<keyof Kinds>)[];
    const id = `${KINDS[kind].kind}-${String(this.#jobs.size + 1).padStart(32, '0')}`;
    const job = new FakeJob(
      id,
      kind,
      steps.filter((step) => step.type !== 'refuse'),
      new Date(START + this.#now).toISOString(),
    );
    this.#jobs.set(id, job);
    if (key) this.#keys.set(key, id);
    job.followers.add(this.#changes(job));
    job.run(this.#now);
    return Response.json({ ...this.#tellAll(job).show(false), status: 'queued' }, { status: 202 });
  }

  /** Tells who watches all jobs. */
  #changes(job: FakeJob): JobFollower {
    const tell = () => void this.#tellAll(job);
    return { row: ({ type }) => void (type === job.status && tell()), status: tell, reset() {}, cut() {} };
  }

  #tellAll(job: FakeJob): FakeJob {
    for (const tell of this.#watchers) tell(job);
    return job;
  }

  #changed(job: FakeJob): Response {
    return Response.json(this.#tellAll(job).show(false));
  }

  #list(query: URLSearchParams): Response {
    const [status, kind] = [query.get('status'), query.get('kind')];
    const from = Number(query.get('cursor') ?? 0);
    const to = from + Number(query.get('limit') ?? 20);
    const all: JobObject[] = [];
    for (const job of this.#jobs.values()) all.unshift(job.show(false)); // the newest first
    const jobs = all.filter((job) => (status === null || job.status === status) && (kind === null || job.kind === kind));
    return Response.json({ jobs: jobs.slice(from, to), ...(to < jobs.length && { nextCursor: String(to) }) });
  }

  /** The stream of a job, after a row. */
  #follow(job: FakeJob, after: number, signal: AbortSignal | null | undefined): Response {
    if (job.end && after >= job.end.seq) return new Response(null, { status: 204 });
    return this.#open(signal, ({ send, close }) => {
      const row = ({ seq, type, data }: FakeJob['rows'][number]): void => {
        send(type, { type, seq, ...data }, seq);
        if (job.end?.seq === seq) close();
      };
      const status = (): void => send('status', { type: 'status', ...statusOf(job) });
      status();
      for (const one of job.rows) if (one.seq > after) row(one);
      if (!job.end) send('live', { type: 'live', jobId: job.id });
      const reset = (): void => {
        send('reset', { type: 'reset', jobId: job.id });
        for (const one of job.rows) row(one);
      };
      return { row, status, reset, set: job.followers };
    });
  }

  /** The stream of all jobs. */
  #watch(signal: AbortSignal | null | undefined): Response {
    return this.#open(signal, ({ send }) => {
      const tell = (job: FakeJob): void =>
        job.end ? send(job.end.type, { type: job.end.type, ...job.end.data }) : send('status', { type: 'status', ...statusOf(job) });
      for (const job of this.#jobs.values()) tell(job);
      this.#watchers.add(tell);
      return { row() {}, status() {}, reset() {}, set: { add() {}, delete: () => this.#watchers.delete(tell) } };
    });
  }

  #open(
    signal: AbortSignal | null | undefined,
    begin: (pen: {
      send(event: string, data: object, id?: number): void;
      close(): void;
    }) => Omit<JobFollower, 'cut'> & { set: FollowerSet },
  ): Response {
    const frames: Uint8Array[] = [encoder.encode(': ai-jobs\n\n')];
    let asked: ReadableStreamDefaultController<Uint8Array> | undefined;
    let isClosed = false;
    let over = (): void => {};
    const give = (): void => {
      const next = asked && frames.shift();
      if (next) asked?.enqueue(next);
      else if (!isClosed) return;
      else asked?.close();
      asked = undefined;
    };
    const send = (event: string, data: object, id?: number): void => {
      if (isClosed) return;
      frames.push(encoder.encode(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
      give();
    };
    const close = (): void => {
      isClosed = true;
      over();
      give();
    };
    const { set, ...follower } = begin({ send, close });
    const stream: Stream = {
      ...follower,
      isRead: () => frames.length === 0 && (asked !== undefined || isClosed),
      cut: () => {
        this.#missing++;
        close();
      },
    };
    over = () => {
      set.delete(stream);
      this.#streams.delete(stream);
    };
    if (isClosed) over();
    else {
      set.add(stream);
      this.#streams.add(stream);
      if (this.#missing > 0) this.#missing--;
    }
    signal?.addEventListener('abort', over);
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          asked = controller;
          give();
        },
        cancel: () => over(),
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }
}

/** Where a stream is registered while it is open. */
type FollowerSet = { add(follower: JobFollower): unknown; delete(follower: JobFollower): unknown };

const statusOf = (job: FakeJob) => ({ jobId: job.id, status: job.status, attempt: job.show(false).attempt });

function refusal({ status, code, detail = `The fake server refuses: ${code}`, retryAfterMs }: Refusal): Response {
  const headers = {
    'content-type': 'application/problem+json',
    ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
  };
  const retryable = status === 429 || status >= 500;
  return Response.json({ type: 'about:blank', title: detail, status, code, detail, retryable }, { status, headers });
}
