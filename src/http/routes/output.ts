/**
 * The routes of a job's output files: the finished one, and parts of it as soon as they are there.
 */
import { Hono, type Context } from 'hono';
import type { ByteRange, FileName, OpenFile } from '../../files/store.ts';
import { ProblemError } from '../../job/problem.ts';
import { answer, isKnown } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { findJob, readerOf } from '../job-access.ts';
import { setHolder } from '../holder.ts';

/** `GET /api/jobs/:jobId/output` and `GET /api/jobs/:jobId/output/:n`. */
export function outputRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/api/jobs/:jobId/output', (c) => answerOutput(c, deps, 'out:whole'));
  app.get('/api/jobs/:jobId/output/:n', (c) => answerOutput(c, deps, nameOf(c.req.param('n'))));
  return app;
}

/** The name of a part; undefined if the text is no number of one. */
function nameOf(n: string): FileName | undefined {
  return /^(0|[1-9]\d{0,8})$/.test(n) ? `out:${n}` : undefined;
}

async function answerOutput(c: Context<AppEnv, '/:jobId'>, deps: AppDeps, name: FileName | undefined): Promise<Response> {
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

function answerFile(c: Context<AppEnv>, { sendFile, log }: AppDeps, { info, read }: OpenFile): Response {
  const { type, bytes, digest } = info;
  const tag = `"${digest}"`;
  const headers = { ETag: tag, 'Accept-Ranges': 'bytes', 'X-Content-Type-Options': 'nosniff' };
  if (isKnown(c, tag)) return answer(c, 304, null, headers);
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

/**
 * Which bytes of a file a request wants (RFC 9110, section 14): all of the file, a part, or a range
 * that the file does not have.
 */
type RangeRequest = ByteRange | 'all' | 'unsatisfiable';

/**
 * Reads the headers `Range` and `If-Range`. What can't be read, several ranges, and a range of
 * another version (`If-Range` names a tag other than this one) mean the whole file.
 */
function parseRange(range: string | undefined, ifRange: string | undefined, { bytes, tag }: { bytes: number; tag: string }): RangeRequest {
  if (range === undefined || (ifRange !== undefined && ifRange !== tag)) return 'all';
  const [, first = '', last = ''] = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(range) ?? [];
  if (first === '' && last === '') return 'all';
  if (first === '') return Number(last) === 0 || bytes === 0 ? 'unsatisfiable' : { from: Math.max(bytes - Number(last), 0), to: bytes };
  const from = Number(first);
  const to = last === '' ? bytes : Math.min(Number(last) + 1, bytes);
  if (last !== '' && Number(last) < from) return 'all'; // not a valid range
  return from >= bytes ? 'unsatisfiable' : { from, to };
}
