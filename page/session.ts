/**
 * What the page remembers: who submits, in this browser; an access token, and how jobs were
 * submitted, in this tab alone.
 */

/**
 * How a job was submitted: what only the page that did it knows. `tells`: a server is told of its end. `input`: what it was made of;
 * undefined where that has a file, which is not kept.
 */
export type About = { curl: string; tags: string[]; tells: boolean; input?: Record<string, unknown> | undefined };

const KEYS = { about: 'ai-jobs:about:', user: 'ai-jobs:user', token: 'ai-jobs:token' } as const;

/** Reads how a job was submitted; undefined where another tab did it. */
export function aboutJob(jobId: string): About | undefined {
  try {
    const value = JSON.parse(sessionStorage.getItem(KEYS.about + jobId) ?? 'null') as Partial<About> | null;
    return typeof value?.curl === 'string' && Array.isArray(value.tags)
      ? { curl: value.curl, tags: value.tags, tells: value.tells === true, input: value.input }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Remembers how a job was submitted. Where the browser keeps no more, it is only not shown after a reload. */
export function rememberAbout(jobId: string, about: About): void {
  try {
    sessionStorage.setItem(KEYS.about + jobId, JSON.stringify(about));
  } catch {} // its space is used up
}

/** Forgets it. */
export function forgetAbout(jobId: string): void {
  sessionStorage.removeItem(KEYS.about + jobId);
}

/** Who submits: a name that is made once in this browser, so that all its tabs have the same jobs. */
export function userName(): string {
  const known = localStorage.getItem(KEYS.user);
  if (known !== null) return known;
  const made = `guest-${[...crypto.getRandomValues(new Uint8Array(4))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  localStorage.setItem(KEYS.user, made);
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
