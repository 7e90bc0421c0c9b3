/**
 * The routes that give a job as JSON: at once, or when something has changed. One of them serves
 * the first clients.
 */
import { Hono, type Context } from 'hono';
import type { JournalRow, Snapshot } from '../../job/snapshot.ts';
import type { JobView } from '../../jobs/read-job.ts';
import { digestOf } from '../../store/digest.ts';
import { estimate, pollAgainIn } from '../../jobs/eta.ts';
import { ESTIMATE_AGE_MS } from '../../jobs/stats.ts';
import { answer, answerJson, isKnown } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { findJob, readerOf } from '../job-access.ts';
import { addressesFor, type JobObject, presentJob, toLegacyJob } from '../present.ts';
import { parseWait, waitFor } from '../wait-for-job.ts';

/** `GET /api/jobs/:jobId` and `GET /api/job-status/:jobId`. */
export function jobRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/api/jobs/:jobId', async (c) => answerStatus(c, deps, { token: undefined, words: (job) => job }));
  app.get('/api/job-status/:jobId', async (c) => answerStatus(c, deps, { token: await pollersToken(c, deps), words: toLegacyJob }));
  return app;
}

/**
 * The token of `statusUrl`. Where no identity is required the address has none, and an invalid
 * token is ignored.
 */
async function pollersToken(c: Context<AppEnv, '/:jobId'>, { identity, tokens }: AppDeps): Promise<string | undefined> {
  const token = c.req.query('token');
  if (token === undefined || identity.required) return token;
  return (await tokens.check(c.req.param('jobId'), token)) === 'valid' ? token : undefined;
}

/**
 * How an address shows a job. `token`: it allows reading, beside the user. `words`: makes the Job
 * that this address promises.
 */
type Form = { token: string | undefined; words: (job: JobObject) => JobObject };

async function answerStatus(c: Context<AppEnv, '/:jobId'>, deps: AppDeps, { token, words }: Form): Promise<Response> {
  const { queue, clock, feed, notifications, shares } = deps;
  const jobId = c.req.param('jobId');
  const reader = await readerOf(c, deps, token);
  const wait = c.req.query('wait');
  const seconds = wait === undefined ? 0 : parseWait(wait, 'wait');
  if (seconds > 0) c.set('waits', true);
  const withItems = c.req.query('include')?.split(',').includes('items') ?? false;

  const read = () => findJob(deps, { jobId, ...reader, after: withItems ? 0 : undefined });
  const hasKnown = c.req.header('if-none-match') !== undefined;
  const isNews = hasKnown ? ({ snapshot }: JobView) => !isKnown(c, etag(snapshot)) : undefined;
  const hold = ({ snapshot }: JobView) => shares.streams.hold(reader.holderOf(snapshot), 1);
  const reading = seconds === 0 ? read() : waitFor(jobId, { seconds, signal: c.req.raw.signal, hold, isNews }, { feed, read });
  const [seen, addresses] = await Promise.all([reading, addressesFor(deps)]);
  if (!seen) throw reader.refusal();

  const { snapshot, rows } = seen;
  if (snapshot.end && isPhone(c, snapshot)) notifications.endSeen(snapshot);
  const stats = snapshot.end ? undefined : await queue.stats(ESTIMATE_AGE_MS).catch(() => undefined); // an estimate may be missing
  const retryAfter = snapshot.end ? undefined : String(pollAgainIn(snapshot, stats, clock.now()));
  const headers = { ETag: etag(snapshot), 'Retry-After': retryAfter };
  if (isNews?.(seen) === false) return answer(c, 304, null, headers);
  const job = words(presentJob(snapshot, addresses, stats && estimate(stats, snapshot.position, snapshot.kind)));
  return answerJson(c, withItems ? { ...job, items: addresses.putOutputs(jobId, itemsIn(rows)) } : job, 200, headers);
}

/**
 * Whether it may be a phone that asks. Where a webhook goes to a server, too, it may be that
 * server.
 */
function isPhone(c: Context<AppEnv>, { notifies }: Snapshot): boolean {
  return c.req.method === 'GET' && notifies === 'push';
}

/**
 * The ETag of a job. It is weak: position, estimate and token differ from answer to answer, but do
 * not count as a change.
 */
function etag({ status, attempt, length, retryAt, paused, end }: Snapshot): string {
  // What was used can grow after the end: the calls of a cancelled run are billed when they are
  // over.
  const used = Object.entries(end?.outcome.usage ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `W/"${[status, attempt, length, ...(retryAt === undefined ? [] : [retryAt]), ...(paused ? [`paused${paused.since}`, paused.until ?? '', digestOf([paused.reason]).slice(0, 8)] : []), ...used.map(([, value]) => String(value))].join('-')}"`;
}

/** The finished items of a job, by list. */
function itemsIn(rows: JournalRow[]): Record<string, unknown[]> {
  const lists: Record<string, unknown[]> = {};
  for (const row of rows) if (row.type === 'item') (lists[row.list] ??= []).push(row.value);
  return lists;
}
