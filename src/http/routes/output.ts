/** The routes of a job's output files: the finished one, and parts of it as soon as they are there. */
import { Hono, type Context } from 'hono';
import type { FileName, OpenFile } from '../../files/store.ts';
import { ProblemError } from '../../job/problem.ts';
import { answer } from '../answer.ts';
import { parseRange } from '../byte-range.ts';
import type { AppDeps, AppEnv } from '../env.ts';
import { namesTag } from '../etag.ts';
import { findJob } from '../find-job.ts';
import { type HolderDeps, setHolder } from '../holder.ts';
import { readerOf } from '../read-access.ts';

/** What these routes need. */
type Deps = Pick<AppDeps, 'kinds' | 'queue' | 'archive' | 'files' | 'tokens' | 'identity' | 'sendFile' | HolderDeps | 'log'>;

/** `GET /api/jobs/:jobId/output` and `GET /api/jobs/:jobId/output/:n`. */
export function outputRoutes(deps: Deps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/api/jobs/:jobId/output', (c) => answerOutput(c, deps, 'out:whole'));
  app.get('/api/jobs/:jobId/output/:n', (c) => answerOutput(c, deps, nameOf(c.req.param('n'))));
  return app;
}

/** The name of a part; undefined if the text is no number of one. */
function nameOf(n: string): FileName | undefined {
  return /^(0|[1-9]\d{0,8})$/.test(n) ? `out:${n}` : undefined;
}

async function answerOutput(c: Context<AppEnv, '/:jobId'>, deps: Deps, name: FileName | undefined): Promise<Response> {
  const { archive, files, kinds } = deps;
  const jobId = c.req.param('jobId');
  const reader = await readerOf(c, deps, c.req.query('token'));
  const seen = await findJob(deps, { jobId, ...reader });
  if (!seen) throw reader.refusal();
  const full = setHolder(c, deps, reader.holderOf(seen.snapshot));
  if (full) throw full;
  const { kind, end } = seen.snapshot;
  const mayBeArchived = end?.outcome.type === 'completed' && kinds.some(({ name: known, outputs }) => known === kind && outputs);
  const file = name && ((await files.open(jobId, name)) ?? (mayBeArchived ? await archive?.openFile(jobId, name) : undefined));
  if (!file) throw new ProblemError('not_found', 'This job has no such file, or does not have it yet.', { jobId });
  return answerFile(c, deps, file);
}

function answerFile(c: Context<AppEnv>, { sendFile, log }: Deps, { info, read }: OpenFile): Response {
  const { type, bytes, digest } = info;
  const tag = `"${digest}"`;
  const headers = { ETag: tag, 'Accept-Ranges': 'bytes', 'X-Content-Type-Options': 'nosniff' };
  const known = c.req.header('if-none-match');
  if (known !== undefined && namesTag(known, tag)) return answer(c, 304, null, headers);
  const wanted = parseRange(c.req.method === 'HEAD' ? undefined : c.req.header('range'), c.req.header('if-range'), { bytes, tag });
  if (wanted === 'unsatisfiable') {
    const range = { 'Content-Range': `bytes */${bytes}`, 'Accept-Ranges': 'bytes' };
    throw new ProblemError('range_not_satisfiable', `The file has ${bytes} bytes.`, { headers: range });
  }
  const part = wanted === 'all' ? { from: 0, to: bytes } : wanted;
  const isHead = c.req.method === 'HEAD';
  const head = answer(c, wanted === 'all' ? 200 : 206, null, {
    ...headers,
    'Content-Type': type,
    'Content-Length': String(part.to - part.from),
    'Content-Range': wanted === 'all' ? undefined : `bytes ${part.from}-${part.to - 1}/${bytes}`,
  });
  return isHead ? head : sendFile(c.env, head, read(part), (error) => log.warn({ err: error }, 'output was cut off'));
}
