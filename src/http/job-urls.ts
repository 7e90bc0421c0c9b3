/** The addresses at which a job is read. */
import type { IssueToken } from './stream-token.ts';

/** Where a job is read: as JSON, and as a stream. */
export type JobUrls = { statusUrl: string; streamUrl: string };

/**
 * Makes the addresses: with a token for the stream and, where an identity is required, for the status, too, for clients that can't
 * send the header.
 */
export function jobUrls(jobId: string, issue: IssueToken, identityRequired: boolean): JobUrls {
  const query = `?token=${issue(jobId)}`;
  return {
    statusUrl: `/api/job-status/${jobId}${identityRequired ? query : ''}`,
    streamUrl: `/api/jobs/${jobId}/events${query}`,
  };
}
