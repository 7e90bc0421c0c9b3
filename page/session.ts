/**
 * What the page remembers over a reload, in this tab alone: who submits, and the job that is
 * watched.
 */

/**
 * A job to go on with. `streamUrl` has the token that lets it be read. `tells`: whether a server is
 * told of its end.
 */
export type Remembered = { jobId: string; streamUrl: string; kind: string; curl: string; tells?: boolean };

const KEYS = { job: 'ai-jobs:job', user: 'ai-jobs:user', token: 'ai-jobs:token' } as const;

/** Reads what is remembered; undefined where it is nothing, or no such thing. */
export function remembered(): Remembered | undefined {
  try {
    const value = JSON.parse(sessionStorage.getItem(KEYS.job) ?? 'null') as Partial<Remembered> | null;
    const texts = [value?.jobId, value?.streamUrl, value?.kind, value?.curl];
    return texts.every((text) => typeof text === 'string') ? (value as Remembered) : undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a job; undefined forgets it. */
export function remember(job: Remembered | undefined): void {
  if (job) sessionStorage.setItem(KEYS.job, JSON.stringify(job));
  else sessionStorage.removeItem(KEYS.job);
}

/** Who submits: a name that is made once for this tab, or what was typed. */
export function userName(): string {
  const known = sessionStorage.getItem(KEYS.user);
  if (known !== null) return known;
  const made = `guest-${[...crypto.getRandomValues(new Uint8Array(4))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  sessionStorage.setItem(KEYS.user, made);
  return made;
}

/** The access token that was typed where the server needs one; '' for none. */
export function accessToken(): string {
  return sessionStorage.getItem(KEYS.token) ?? '';
}

/** Keeps an access token for this tab. */
export function keepToken(token: string): void {
  sessionStorage.setItem(KEYS.token, token);
}
