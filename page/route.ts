/** The open job in the page's address, so that a reload, a bookmark and the back button find it. */

const PREFIX = '#/jobs/';

/** The id of the job that the address names; undefined if it names none. */
export function jobInAddress(): string | undefined {
  const { hash } = location;
  return hash.startsWith(PREFIX) ? decodeURIComponent(hash.slice(PREFIX.length)) : undefined;
}

/** Puts a job into the address, or none. The page hears of it as of any change of the address. */
export function putInAddress(jobId: string | undefined): void {
  location.hash = jobId === undefined ? '' : PREFIX + encodeURIComponent(jobId);
}
