/** Looking at a job: its state as JSON, once or as soon as there is news, in the words of today or of the first days. */
import { Hono, type Context } from 'hono';
import type { JournalRow, Snapshot } from '../../job/snapshot.ts';
import type { JobView } from '../../queue/read-job.ts';
import { estimate, ESTIMATE_AGE_MS, pollAgainIn } from '../../queue/stats.ts';
import type { AppDeps, AppEnv } from '../env.ts';
import { toLegacyJob, type JobObject, presentJob } from '../present.ts';
import { readerOf } from '../reading.ts';
import { parseWait, waitFor } from '../wait.ts';

/** The status routes. */
export function jobRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/api/jobs/:jobId', async (c) => answer(c, deps, { token: undefined, words: (job) => job }));
  app.get('/api/job-status/:jobId', async (c) => answer(c, deps, { token: pollersToken(c, deps), words: toLegacyJob }));
  return app;
}

/** The token in `statusUrl` is for pollers who can name nobody where a name is needed; who names a user is judged by that alone. */
function pollersToken(c: Context<AppEnv>, { identityRequired }: AppDeps): string | undefined {
  return identityRequired && c.var.user === undefined ? c.req.query('token') : undefined;
}

/** How an address shows jobs: to whom beside the users it is told of, and in which words. */
type Form = { token: string | undefined; words: (job: JobObject) => JobObject };

async function answer(c: Context<AppEnv, '/:jobId'>, deps: AppDeps, { token, words }: Form): Promise<Response> {
  const { queue, feed } = deps;
  const jobId = c.req.param('jobId');
  const reader = await readerOf(c, deps, token);
  const wait = c.req.query('wait');
  const seconds = wait === undefined ? 0 : parseWait(wait, 'wait');
  const withItems = c.req.query('include')?.split(',').includes('items') ?? false;

  const read = async () => {
    const seen = await queue.read(jobId, withItems ? 0 : undefined);
    return seen && reader.allows(seen.snapshot) ? seen : undefined;
  };
  const known = c.req.header('if-none-match');
  const isNews = known === undefined ? undefined : ({ snapshot }: JobView) => !matches(known, etag(snapshot));
  const seen = await (seconds === 0
    ? read()
    : waitFor(jobId, { seconds, signal: c.req.raw.signal, ...(isNews && { isNews }) }, { feed, read }));
  if (!seen) throw reader.refusal();

  const { snapshot, rows } = seen;
  c.header('ETag', etag(snapshot));
  const stats = snapshot.end ? undefined : await queue.stats(ESTIMATE_AGE_MS).catch(() => undefined); // an estimate is no reason to fail
  if (!snapshot.end) c.header('Retry-After', String(pollAgainIn(snapshot, stats)));
  if (isNews?.(seen) === false) return c.body(null, 304);
  const job = await presentJob(snapshot, deps, stats && estimate(stats, snapshot.position));
  return c.json({ ...words(job), ...(withItems && { items: itemsIn(rows) }) });
}

/** Weak, since place, estimate and token differ from answer to answer and do not count as change. */
function etag({ status, attempt, length, retryAt }: Snapshot): string {
  return `W/"${status}-${attempt}-${length}${retryAt === undefined ? '' : `-${retryAt}`}"`;
}

/** `If-None-Match` (RFC 9110, section 13.1.2), compared weakly. */
function matches(header: string, tag: string): boolean {
  const bare = (text: string) => text.trim().replace(/^W\//, '');
  return header.split(',').some((text) => text.trim() === '*' || bare(text) === bare(tag));
}

/** The finished items by their lists. */
function itemsIn(rows: JournalRow[]): Record<string, unknown[]> {
  const lists: Record<string, unknown[]> = {};
  for (const row of rows) if (row.type === 'item') (lists[row.list] ??= []).push(row.value);
  return lists;
}
