/**
 * The routes of what went nowhere: failed deliveries, rows that the archive has refused, and failed
 * jobs.
 */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { ParkedJob } from '../../archive/outbox.ts';
import type { FoundJob } from '../../jobs/job-search.ts';
import type { FailedDelivery } from '../../notifications/deliveries.ts';
import { ProblemError } from '../../job/problem.ts';
import { answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { validQuery } from '../list-query.ts';
import { actionOf, onlyOperators } from '../operator.ts';
import { retryAgain } from '../retry-again.ts';

/** The types, in the order in which they are listed. */
const TYPES = ['delivery', 'archive', 'job'] as const;
type LetterType = (typeof TYPES)[number];

const LETTER = /^(delivery|archive|job)\.([\w-]{1,150})$/;
const CURSOR_EXPECTED = 'must be the nextCursor of an earlier answer';

/** Where a page begins: a type; and of a type the last score and id, as far as it has them. */
const deadLetterCursor = z
  .string()
  .regex(/^(?:delivery|archive|job)~(?:[-+.\de]{0,25}~[A-Za-z0-9_-]{1,150})?$/, CURSOR_EXPECTED)
  .transform((text) => {
    const [type = '', score = '', id] = text.split('~');
    return { type: type as LetterType, after: id === undefined ? undefined : { score, id } };
  })
  .refine(({ after }) => after === undefined || Number.isFinite(Number(after.score)), CURSOR_EXPECTED);

const query = z.object({
  type: z.enum(TYPES).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: deadLetterCursor.optional(),
});

/** `GET /admin/dead-letters` and `POST /admin/dead-letters/:letterId/replay`. */
export function adminDeadLetterRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/admin/dead-letters', onlyOperators(deps), validQuery(query), (c) => listLetters(c, deps, c.req.valid('query')));
  app.post('/admin/dead-letters/:letterId/replay', onlyOperators(deps), (c) => replay(c, deps, c.req.param('letterId')));
  return app;
}

type Letter = { id: string; type: LetterType; jobId: string; code: string; at?: string | undefined };
type Place = { score: string; id: string };
type LetterPage = { letters: Letter[]; next?: Place | undefined };

async function listLetters(c: Context<AppEnv>, deps: AppDeps, { type, limit, cursor }: z.output<typeof query>): Promise<Response> {
  const types = TYPES.filter((one) => type === undefined || one === type);
  const letters: Letter[] = [];
  let next: string | undefined;
  let after = cursor?.after;
  for (const one of types.slice(Math.max(types.indexOf(cursor?.type ?? 'delivery'), 0))) {
    if (letters.length === limit) {
      next = `${one}~`;
      break;
    }
    const page = await pagesOf[one](deps, { limit: limit - letters.length, after, signal: c.req.raw.signal });
    letters.push(...page.letters);
    if (page.next) {
      next = `${one}~${page.next.score}~${page.next.id}`;
      break;
    }
    after = undefined;
  }
  const shown = letters.map((letter) => ({ ...letter, replay: `/admin/dead-letters/${letter.id}/replay` }));
  return answerJson(c, { letters: shown, more: next !== undefined, nextCursor: next });
}

type Wanted = { limit: number; after: Place | undefined; signal: AbortSignal };

/** How each type is listed. */
const pagesOf: Readonly<Record<LetterType, (deps: AppDeps, wanted: Wanted) => Promise<LetterPage>>> = {
  async delivery({ notifications }, { limit, after }) {
    const { failed, next } = await notifications.deliveries.failed(limit, after);
    return { letters: failed.map(ofDelivery), next };
  },
  async archive({ outbox }, { limit, after }) {
    if (!outbox) return { letters: [] };
    const { jobs, next } = await outbox.parkedAfter(after?.id, limit);
    return { letters: jobs.map(ofParked), next: next === undefined ? undefined : { score: '0', id: next } };
  },
  async job({ queue }, { limit, after, signal }) {
    const page = await queue.search({ state: 'failed' }, { limit, from: { source: 'failed', after }, signal });
    return { letters: page?.jobs.map(ofJob) ?? [], next: page?.next?.after };
  },
};

function ofDelivery({ id, jobId, channel, code, at }: FailedDelivery) {
  return { id: `delivery.${id}`, type: 'delivery' as const, jobId, channel, code, at: new Date(at).toISOString() };
}

function ofParked({ jobId, code, at }: ParkedJob): Letter {
  return { id: `archive.${jobId}`, type: 'archive', jobId, code, at };
}

function ofJob({ job: { id, kind, owner, end, finishedAt } }: FoundJob) {
  const code = end?.outcome.type === 'failed' ? end.outcome.error.code : 'internal_error';
  const at = finishedAt === undefined ? undefined : new Date(finishedAt).toISOString();
  return { id: `job.${id}`, type: 'job' as const, jobId: id, kind, userId: owner, code, at };
}

/** Tries one again: 202. It is in the log of actions, whatever came of it. */
async function replay(c: Context<AppEnv>, deps: AppDeps, letterId: string): Promise<Response> {
  const [, type, id = ''] = LETTER.exec(letterId) ?? [];
  if (type === undefined) throw noSuchLetter();
  const action = actionOf(c, 'replay', letterId);
  await deps.actions.write(action, 'begun'); // before, so that it is told also where this process is killed in the middle
  const isDone = await replays[type as LetterType](deps, id);
  await deps.actions.write(action, isDone ? 'done' : 'not there');
  if (!isDone) throw noSuchLetter();
  return answerJson(c, { id: letterId, replayed: true }, 202);
}

function noSuchLetter(): ProblemError {
  return new ProblemError('not_found', 'There is no such dead letter: it was replayed, has gone, or its job has not failed.');
}

/** How each type is tried again. Each resolves with whether there was such a letter. */
const replays: Readonly<Record<LetterType, (deps: AppDeps, id: string) => Promise<boolean>>> = {
  delivery: ({ notifications }, id) => notifications.deliveries.replay(id),
  archive: async ({ outbox }, id) => (await outbox?.reopen(id)) === 1,
  job: async (deps, id) => (await retryAgain(deps, id)) !== undefined,
};
