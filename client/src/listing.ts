/** All jobs of a user: the list, page by page. */
import type { JobObject, JobStatus } from './events.ts';
import { type Kinds, KINDS } from './kinds.ts';
import { answerOf, type CallOptions, request, type Wire } from './request.ts';

/** Which jobs are listed. */
export type ListOptions = CallOptions & {
  status?: JobStatus | undefined;
  /** A method of the client, or the kind's own name. */
  kind?: keyof Kinds | (typeof KINDS)[keyof Kinds]['kind'] | undefined;
  /** How many at most, 1 to 100; 20 by default. */
  limit?: number | undefined;
  /** Where an earlier page ended: its `nextCursor`. */
  cursor?: string | undefined;
};

/** Some of a user's jobs, the newest first, without their results. `nextCursor`: where the next page begins; absent on the last one. */
export type JobsPage = { jobs: JobObject[]; nextCursor?: string | undefined };

/** The jobs of a user. */
export type Jobs = {
  list(options?: ListOptions): Promise<JobsPage>;
  /** All pages, one after the other, as they are read. */
  pages(options?: ListOptions): AsyncIterable<JobsPage>;
};

/** Makes it. */
export function createJobs(wire: Wire): Jobs {
  const list = async ({ status, kind, limit, cursor, ...init }: ListOptions = {}): Promise<JobsPage> => {
    const name = KINDS[kind as keyof Kinds]?.kind ?? kind;
    const given = Object.entries({ status, kind: name, limit, cursor }).filter(([, value]) => value !== undefined);
    const query = given.map(([field, value]) => `${field}=${encodeURIComponent(`${value}`)}`).join('&');
    return request(wire, `/api/jobs?${query}`, init, answerOf<JobsPage>);
  };
  return {
    list,
    async *pages(options = {}) {
      for (let { cursor } = options; ;) {
        const page = await list({ ...options, cursor });
        yield page;
        cursor = page.nextCursor;
        if (cursor === undefined) return;
      }
    },
  };
}
