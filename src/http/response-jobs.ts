/** Jobs as Responses: finds the job of a request, with what is echoed of its own request. */
import type { Context } from 'hono';
import { jobIdOf } from '../job/response.ts';
import { withoutAttachments } from '../kinds/response-attachments.ts';
import type { Kind } from '../kinds/kind.ts';
import { kindOf } from '../jobs/to-snapshot.ts';
import type { JobView } from '../jobs/read-job.ts';
import type { PutAddresses } from '../stream/framing.ts';
import type { AppDeps } from './app-deps.ts';
import type { AppEnv } from './context.ts';
import { accessOf, findJob } from './job-access.ts';
import { isJobId } from '../job/id.ts';
import { noSuchJob, unauthorized } from './problems.ts';
import type { ResponseTerms } from './response-framings.ts';
import { inputItems } from './prompt-request.ts';
import { isPrompt } from './prompt-response.ts';
import type { ResponseEcho } from './response-request.ts';

const asStored: PutAddresses = (value) => value;

/** What is needed beside a job to show it as a Response. */
export function responseTerms(
  { kinds, outputUrls }: Pick<AppDeps, 'kinds' | 'outputUrls'>,
  jobId: string,
  kind: string,
  echo: ResponseEcho,
): ResponseTerms {
  const list = kinds.find(({ name }: Kind) => name === kind)?.lists?.[0];
  return { kind, echo, list, put: outputUrls(jobId)?.() ?? asStored };
}

/**
 * What is echoed of the request of a job; nothing if it was submitted by another route, or only the
 * archive has it.
 */
export async function echoOf({ queue }: Pick<AppDeps, 'queue'>, jobId: string): Promise<ResponseEcho> {
  const { echo, input } = (await queue.payloadOf(jobId)) ?? {};
  return echoIn(kindOf(jobId), { echo, input });
}

/** What is echoed of a request. One for any prompt is the input itself. */
export function echoIn(kind: string, { echo, input }: { echo?: unknown; input?: unknown }): ResponseEcho {
  if (!isPrompt(kind) || typeof input !== 'object' || input === null) return (echo as ResponseEcho | undefined) ?? {};
  return {
    ...(input as ResponseEcho),
    ...(echo as ResponseEcho | undefined),
    input: withoutAttachments(inputItems('input' in input ? input.input : undefined)),
  };
}

/**
 * Finds the job of the address, with all its rows. A job of nobody is anybody's.
 * @throws ProblemError `unauthorized`, and `job_not_found` for another user's, too
 */
export async function findResponse(c: Context<AppEnv, '/:responseId'>, deps: AppDeps): Promise<JobView & { terms: ResponseTerms }> {
  const user = c.get('user');
  if (deps.identity.required && user === undefined) throw unauthorized(deps.identity);
  const jobId = jobIdOf(c.req.param('responseId'));
  if (jobId === undefined || !isJobId(jobId)) throw noSuchJob();
  const allows = ({ owner }: { owner?: string | undefined }) => owner === undefined || owner === user;
  const [seen, echo] = await Promise.all([findJob(deps, { jobId, access: accessOf(c), allows, after: 0 }), echoOf(deps, jobId)]);
  if (!seen) throw noSuchJob();
  return { ...seen, terms: responseTerms(deps, jobId, seen.snapshot.kind, echo) };
}
