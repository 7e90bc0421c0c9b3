/** Addresses of the jobs that jobs lead to. A job holds only its child's id; an address, and the token in it, is made when it is sent. */
import type { Kind } from '../kinds/kind.ts';
import { kindOf } from '../jobs/to-snapshot.ts';
import { type JobUrls, jobUrls } from './job-urls.ts';
import type { AddressesOfOutputs } from './output-urls.ts';

/** Makes what puts them into the rows, the end and the result of a job. The other values of a job are sent as they are stored. */
export function createChildUrls(kinds: readonly Kind[], identityRequired: boolean): AddressesOfOutputs {
  const leading = new Set(kinds.flatMap(({ name, next }) => (next ? [name] : [])));
  return (jobId) => {
    if (!leading.has(kindOf(jobId))) return undefined;
    return (issue) =>
      <T>(value: T) =>
        putUrls(value, (child) => jobUrls(child, issue, identityRequired)) as T;
  };
}

/** Both kinds of addresses. */
export function joinAddresses(first: AddressesOfOutputs, second: AddressesOfOutputs): AddressesOfOutputs {
  return (jobId) => {
    const [one, other] = [first(jobId), second(jobId)];
    if (!one || !other) return one ?? other;
    return (issue) => {
      const [putOne, putOther] = [one(issue), other(issue)];
      return (value) => putOther(putOne(value));
    };
  };
}

/** Where a child's id can stand: in a row, in a result, and in a result within an end. */
const WAY = ['outcome', 'result'];

function putUrls(value: unknown, urlsOf: (child: string) => JobUrls): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields = value as Record<string, unknown>;
  const child = childIn(fields['child']);
  if (child !== undefined) return { ...fields, child: { jobId: child, ...urlsOf(child) } };
  const name = WAY.find((step) => step in fields);
  return name === undefined ? value : { ...fields, [name]: putUrls(fields[name], urlsOf) };
}

function childIn(value: unknown): string | undefined {
  const jobId = typeof value === 'object' && value !== null && 'jobId' in value ? value.jobId : undefined;
  return typeof jobId === 'string' ? jobId : undefined;
}
