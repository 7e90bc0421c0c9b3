/** Addresses of output files. A job holds only their names; an address, and the token in it, is made when it is sent. */
import type { Kind } from '../kinds/kind.ts';
import { kindOf } from '../jobs/to-snapshot.ts';
import type { PutAddresses } from '../stream/job-channel.ts';
import type { IssueToken } from './stream-token.ts';

/** Makes that for a job; undefined if its kind has no outputs, so that its values stay as they are. */
export type AddressesOfOutputs = (jobId: string) => ((issue: IssueToken) => PutAddresses) | undefined;

/** See {@link AddressesOfOutputs}. A token is in an address where an identity is required. */
export function createOutputUrls(kinds: readonly Kind[], identityRequired: boolean): AddressesOfOutputs {
  const withOutputs = new Set(kinds.flatMap(({ name, outputs }) => (outputs ? [name] : [])));
  return (jobId) => {
    if (!withOutputs.has(kindOf(jobId))) return undefined;
    return (issue) => {
      const query = identityRequired ? `?token=${issue(jobId)}` : '';
      const urlOf = (name: unknown) => `/api/jobs/${jobId}/output${name === 'whole' ? '' : `/${String(name)}`}${query}`;
      return <T>(value: T) => replace(value, urlOf) as T;
    };
  };
}

function replace(value: unknown, urlOf: (name: unknown) => string): unknown {
  if (Array.isArray(value)) return value.map((entry) => replace(entry, urlOf));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, entry]) =>
    key === 'output' && isName(entry) ? ['outputUrl', urlOf(entry)] : [key, replace(entry, urlOf)],
  );
  return Object.fromEntries(entries);
}

function isName(value: unknown): boolean {
  return value === 'whole' || (Number.isSafeInteger(value) && Number(value) >= 0);
}
