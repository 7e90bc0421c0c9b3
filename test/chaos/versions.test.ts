/** Two versions beside each other: while one takes the place of the other, and while it goes back. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { startNginx } from '../support/nginx.ts';
import { freePort } from '../support/ports.ts';
import { installPreviousVersion } from '../support/previous-version.ts';
import { type Receiver, verified } from '../support/receiver.ts';
import { ownRedis } from '../support/redis.ts';
import { isEnd, lasting, type StreamEvent, watch } from '../support/sse.ts';
import { newPrefix, type Process, startProcess } from '../support/stack.ts';
import { expectUnharmed } from './ledger.ts';
import { type MixedJob, startSurroundings, submitMixed } from './mixed-jobs.ts';

/** How many jobs there are in all: `JOBS=200` by hand. */
const JOBS = Number(process.env['JOBS'] ?? 60);

/** How often a follower goes away and comes back, after an event each. */
const RETURNS = 2;

type Version = 'old' | 'new';

/** All that a follower was sent, and the version at the other end of each of its connections. */
type Followed = { events: StreamEvent[]; versions: (Version | undefined)[] };

/** A job that was followed to its end. `ends`: the types of the webhooks that tell it, one more if it was retried. */
type EndedJob = MixedJob & { followed: Followed; ends: string[] };

test('old and new APIs and workers serve the same jobs, then only new ones, then only old ones: nothing fails, and nothing is dropped', async () => {
  const folder = await installPreviousVersion();
  const [redis, surroundings, ports] = await Promise.all([ownRedis(), startSurroundings(), Promise.all([freePort(), freePort()])]);
  const env = {
    REDIS_URL: redis.url,
    REDIS_KEY_PREFIX: newPrefix(),
    NODE_ENV: 'test',
    LOG_LEVEL: 'info',
    SHUTDOWN_GRACE_MS: '100', // what still runs then goes on in a worker of the other version
    JOB_BACKOFF_MS: '10',
    WORKER_RATE_MAX: '1000',
    WORKER_CONCURRENCY: '6',
    RATE_LIMIT_MAX: '100000',
    MAX_JOBS_PER_USER: '1000',
    MAX_STREAMS_PER_USER: '1000',
    LIST_RATE_MAX: '1000',
    ...surroundings.env,
  };
  const started: Record<Version, Process[]> = { old: [], new: [] };
  const start = async (version: Version, file: string, more: Record<string, string>): Promise<Process> => {
    const process = await startProcess(file, { ...env, ...more }, version === 'old' ? folder : undefined);
    started[version].push(process);
    return process;
  };
  const startApi = (version: Version, slot: 0 | 1) => start(version, 'src/main.ts', { PORT: String(ports[slot]) });
  const startWorker = (version: Version) => start(version, 'worker/main.ts', { WORKER_HEALTH_PORT: '0' });

  const versions: [Version, Version] = ['old', 'new'];
  const apis = await Promise.all([startApi('old', 0), startApi('new', 1)]);
  const workers = await Promise.all([startWorker('old'), startWorker('new')]);
  const location = 'proxy_buffering off; add_header x-server $upstream_addr;';
  const balancer = await startNginx([apis[0].url, apis[1].url], { location, server: 'max_fails=0' });

  /** nginx names all servers that it tried, the one that answered last. */
  const versionAt = (servers: string | null): Version | undefined => versions[ports.findIndex((port) => servers?.endsWith(`:${port}`))];
  /** Puts a process of the other version in the place of each. Clients may come meanwhile. */
  const replace = async (version: Version, slots: readonly (0 | 1)[]): Promise<void> => {
    for (const slot of slots) {
      if (versions[slot] === version) continue;
      const worker = startWorker(version);
      await Promise.all([apis[slot].stop('SIGTERM'), worker.then(() => workers[slot].stop('SIGTERM'))]);
      [apis[slot], workers[slot], versions[slot]] = [await startApi(version, slot), await worker, version];
    }
  };

  const follow = async (path: string): Promise<Followed> => {
    const followed: Followed = { events: [], versions: [] };
    while (!followed.events.some(isEnd)) {
      const last = lasting(followed.events).at(-1)?.id;
      const stream = await watch(balancer + path, last === undefined ? {} : { 'last-event-id': last });
      followed.versions.push(versionAt(stream.response.headers.get('x-server')));
      if (followed.versions.length <= RETURNS) {
        await stream.until(({ id }) => id !== undefined).catch(() => {}); // its API stops
        stream.leave();
      }
      await stream.ended.catch(() => {});
      followed.events.push(...stream.events);
    }
    return followed;
  };

  const retry = (jobId: string, user: string): Promise<void> => {
    const request = { method: 'POST', headers: { 'user-id': user } };
    return expect.poll(async () => (await fetch(`${balancer}/api/jobs/${jobId}/retry`, request)).status).toBe(202); // its API may stop
  };

  let submitted = 0;
  /** Submits jobs through the balancer, follows each to its end while `meanwhile` goes on, and says what became of them. */
  const run = async (count: number, meanwhile: () => Promise<void>): Promise<Map<string, EndedJob>> => {
    const numbers = Array.from({ length: count }, () => submitted++);
    const submitting = numbers.map(async (n) => {
      const { job, user } = await submitMixed(balancer, n, surroundings);
      const first = await follow(job['streamUrl'] as string);
      const hasFailed = first.events.at(-1)?.event === 'failed';
      if (hasFailed) await retry(job['jobId'] as string, user);
      const followed = hasFailed ? await follow(job['streamUrl'] as string) : first;
      const ends = [...(hasFailed ? ['job.failed'] : []), 'job.completed'];
      return [job['jobId'] as string, { job, user, followed, ends }] as const;
    });
    await meanwhile();
    return new Map(await Promise.all(submitting));
  };

  const views = new Map<string, View>();
  /** Each job is read and listed through these APIs, and is what it was for all who have seen it so far. */
  const expectSame = async (jobs: Map<string, EndedJob>, urls: string[]): Promise<void> => {
    for (const url of urls) {
      const listed = new Set<string>();
      for (const user of new Set([...jobs.values()].map((job) => job.user))) {
        for (const jobId of await listOf(url, user)) listed.add(jobId);
      }
      for (const [jobId, { user, ends }] of jobs) {
        const view = await viewOf(url, jobId, user, ends);
        if (!views.has(jobId)) views.set(jobId, view);
        expect(view).toEqual(views.get(jobId));
        expect(listed).toContain(jobId);
      }
    }
  };

  const all = new Map<string, EndedJob>();
  const third = Math.ceil(JOBS / 3);
  const phases: [count: number, meanwhile: () => Promise<void>][] = [
    [third, () => surroundings.begun(1)],
    [third, () => surroundings.begun(1).then(() => replace('new', [0, 1]))],
    [JOBS - 2 * third, () => surroundings.begun(1).then(() => replace('old', [1, 0]))],
  ];
  for (const [count, meanwhile] of phases) {
    const jobs = await run(count, meanwhile);
    for (const [jobId, job] of jobs) all.set(jobId, job);
    await expectTold(jobs, surroundings.receiver, apis[0].url);
    await expectSame(all, [apis[0].url, apis[1].url]);
    for (const [jobId, { followed }] of jobs) {
      expect(lasting(followed.events), 'a follower was sent what the journal holds').toEqual(views.get(jobId)?.events);
    }
  }
  const turns = [...all.values()].flatMap(({ followed }) => followed.versions.slice(1).map((to, n) => `${followed.versions[n]} to ${to}`));
  expect(turns).toEqual(expect.arrayContaining(['old to new', 'new to old']));
  const attempts = [...views.values()].map((view) => Number(view.job['attempt']));
  expect(attempts.filter((attempt) => attempt > 1).length, 'jobs were tried again').toBeGreaterThan(JOBS / 10);
  expect([...all.values()].filter(({ ends }) => ends.length > 1).length, 'failed jobs were retried').toBeGreaterThan(JOBS / 20);
  await expectUnharmed(started.new);
});

type View = { job: Record<string, any>; events: StreamEvent[]; [part: string]: unknown };

/** All that an API says of a job that has ended, its child and its files included. */
async function viewOf(url: string, jobId: string, user: string, ends: string[]): Promise<View> {
  const get = async (path: string): Promise<Response> => {
    const response = await fetch(url + path, { headers: { 'user-id': user } });
    expect([path, response.status]).toEqual([path, 200]);
    return response;
  };
  const json = async (path: string) => (await (await get(path)).json()) as Record<string, any>;
  const deliveries = () => json(`/api/jobs/${jobId}/deliveries`);
  await expect.poll(deliveries).toMatchObject({ deliveries: ends.map((type) => ({ type, status: 'delivered' })) });
  const job = await json(`/api/jobs/${jobId}?include=items`);
  expect(job).toMatchObject({ jobId, status: 'completed' });
  const stream = await watch(url + job['streamUrl'], {});
  await stream.ended;
  const { audio, parts = [], child } = job['result'] as Record<string, any>;
  const outputs = [audio, ...parts].flatMap((made) => (made ? [made.outputUrl as string] : []));
  const digests = await Promise.all(
    outputs.map(async (path) =>
      createHash('sha256')
        .update(Buffer.from(await (await get(path)).arrayBuffer()))
        .digest('hex'),
    ),
  );
  return {
    job,
    status: await json(`/api/job-status/${jobId}`),
    events: lasting(stream.events),
    digests,
    deliveries: await deliveries(),
    ...(child && { child: await viewOf(url, child.jobId as string, user, ['job.completed']) }),
  };
}

/** Each end of a job was told to its server, signed and under one id. */
async function expectTold(jobs: Map<string, EndedJob>, receiver: Receiver, url: string): Promise<void> {
  for (const [jobId, { user, ends }] of jobs) {
    const response = await fetch(`${url}/api/webhooks/secret`, { headers: { 'user-id': user } });
    const { secret } = (await response.json()) as { secret: string };
    const told = () => {
      const calls = receiver.calls.filter(({ body }) => body.includes(`"jobId":"${jobId}"`));
      return new Map(calls.map((call) => [call.headers['webhook-id'], verified(secret, call)['type'] as string]));
    };
    await expect.poll(() => [...told().values()].toSorted()).toEqual(ends.toSorted());
  }
}

/** The ids of a user's jobs, on all pages of the list. */
async function listOf(url: string, user: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ''; ;) {
    const response = await fetch(`${url}/api/jobs?limit=100${cursor}`, { headers: { 'user-id': user } });
    const { jobs, nextCursor } = (await response.json()) as Record<string, any>;
    ids.push(...jobs.map(({ jobId }: { jobId: string }) => jobId));
    if (nextCursor === undefined) return ids;
    cursor = `&cursor=${nextCursor}`;
  }
}
