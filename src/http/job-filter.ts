/** The filter of operators: which jobs a list shows, and which an action is for. */
import { z } from 'zod';
import { isProblemCode } from '../job/problem.ts';
import { JOB_STATES, type JobSearchFilter, type SearchPlace } from '../jobs/job-search.ts';

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const MOMENT_EXPECTED = 'must be a time such as 2026-11-23T21:32:57Z, or how long ago that is, such as 15m, 2h or 1d';

/** A moment as operators write it: a time, or how long ago it is. */
type WrittenMoment = { at: number } | { agoMs: number };

const moment = z.string().transform((text, context): WrittenMoment => {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return { agoMs: Number(count) * (UNITS_MS[unit] ?? 0) };
  const at = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return { at };
  context.addIssue({ code: 'custom', message: MOMENT_EXPECTED });
  return z.NEVER;
});

/** The fields of the filter, as a query or a body has them. */
export const jobFilterFields = {
  state: z.enum(JOB_STATES).optional(),
  kind: z.string().min(1).max(100).optional(),
  user: z.string().min(1).max(256).optional(),
  code: z.string().refine(isProblemCode, 'must be a code of a problem').optional(),
  provider: z.string().min(1).max(100).optional(),
  since: moment.optional(),
  until: moment.optional(),
};

/** A filter that was read. */
export type WrittenJobFilter = z.output<z.ZodObject<typeof jobFilterFields>>;

/** What a filter means now. `now`: in ms since the epoch. */
export function searchFilterOf({ state, kind, user, code, provider, since, until }: WrittenJobFilter, now: number): JobSearchFilter {
  const momentOf = (written: WrittenMoment | undefined) => written && ('at' in written ? written.at : now - written.agoMs);
  return { state, kind, user, code, provider, since: momentOf(since), before: momentOf(until) };
}

const CURSOR_EXPECTED = 'must be the nextCursor of an earlier answer';

/** Where a page of a search begins. Its parts are only compared; no key is made of them. */
export const searchCursor = z
  .string()
  .regex(/^[a-z:-]{1,60}~(?:[-+.\de]{1,25}~[A-Za-z0-9_-]{34,100})?$/, CURSOR_EXPECTED)
  .transform((text): SearchPlace => {
    const [source = '', score = '', id] = text.split('~');
    return id === undefined ? { source } : { source, after: { score, id } };
  })
  .refine(({ after }) => after === undefined || Number.isFinite(Number(after.score)), CURSOR_EXPECTED);

/** Writes a place as a cursor. */
export function toSearchCursor({ source, after }: SearchPlace): string {
  return after ? `${source}~${after.score}~${after.id}` : `${source}~`;
}
