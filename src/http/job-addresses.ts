/**
 * Addresses of jobs, of their output files and of the jobs that they lead to. A job holds names and
 * ids only; addresses are made when it is sent.
 */
import type { Kind } from '../kinds/kind.ts';
import { kindOf } from '../jobs/to-snapshot.ts';
import type { PutAddresses } from '../stream/framing.ts';
import type { IssueToken } from './stream-token.ts';

/** Where a job is read: as JSON, and as a stream. */
export type JobUrls = { statusUrl: string; streamUrl: string };

/**
 * Makes the addresses: with a token for the stream and, where an identity is required, for the
 * status, too, for clients that can't send the header.
 */
export function jobUrls(jobId: string, issue: IssueToken | undefined, identityRequired: boolean): JobUrls {
  const query = issue ? `?token=${issue(jobId)}` : '';
  return {
    statusUrl: `/api/job-status/${jobId}${identityRequired ? query : ''}`,
    streamUrl: `/api/jobs/${jobId}/events${query}`,
  };
}

/**
 * Makes the function that puts addresses into the rows, the end and the result of a job; undefined
 * if the job's kind has no addresses. Without `issue` they have no token.
 */
export type AddressesOfValues = (jobId: string) => ((issue?: IssueToken) => PutAddresses) | undefined;

/**
 * Makes the addresses for these kinds. The address of an output has a token where an identity is
 * required.
 */
export function createValueAddresses(kinds: readonly Kind[], identityRequired: boolean): AddressesOfValues {
  const withOutputs = new Set(kinds.flatMap(({ name, outputs }) => (outputs ? [name] : [])));
  const withChild = new Set(kinds.flatMap(({ name, next }) => (next ? [name] : [])));
  return (jobId) => {
    const kind = kindOf(jobId);
    const [hasOutputs, hasChild] = [withOutputs.has(kind), withChild.has(kind)];
    if (!hasOutputs && !hasChild) return undefined;
    return (issue) => {
      const query = issue && hasOutputs && identityRequired ? `?token=${issue(jobId)}` : '';
      const urlOf = (name: unknown) => `/api/jobs/${jobId}/output${name === 'whole' ? '' : `/${String(name)}`}${query}`;
      const urlsOf = (child: string) => jobUrls(child, issue, identityRequired);
      return <T>(value: T) => {
        const put = hasOutputs ? putOutputUrls(value, urlOf) : value;
        return (hasChild ? putChildUrls(put, urlsOf) : put) as T;
      };
    };
  };
}

function putOutputUrls(value: unknown, urlOf: (name: unknown) => string): unknown {
  if (Array.isArray(value)) return value.map((entry) => putOutputUrls(entry, urlOf));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, entry]) =>
    key === 'output' && isOutputName(entry) ? ['outputUrl', urlOf(entry)] : [key, putOutputUrls(entry, urlOf)],
  );
  return Object.fromEntries(entries);
}

function isOutputName(value: unknown): boolean {
  return value === 'whole' || (Number.isSafeInteger(value) && Number(value) >= 0);
}

/** Where a child's id can stand: in a row, in a result, and in a result within an end. */
const WAY_TO_CHILD = ['outcome', 'result'];

function putChildUrls(value: unknown, urlsOf: (child: string) => JobUrls): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields = value as Record<string, unknown>;
  const child = childIn(fields['child']);
  if (child !== undefined) return { ...fields, child: { jobId: child, ...urlsOf(child) } };
  const name = WAY_TO_CHILD.find((step) => step in fields);
  return name === undefined ? value : { ...fields, [name]: putChildUrls(fields[name], urlsOf) };
}

function childIn(value: unknown): string | undefined {
  const jobId = typeof value === 'object' && value !== null && 'jobId' in value ? value.jobId : undefined;
  return typeof jobId === 'string' ? jobId : undefined;
}
