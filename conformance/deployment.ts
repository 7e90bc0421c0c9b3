/** What is checked: a deployment, with the jobs that this run makes in it. And whether it can be checked at all. */
import { show, wordsOfError } from './check.ts';
import type { Answer, Http } from './http.ts';
import { createJobs, type Jobs } from './jobs.ts';

/** A deployment as the checks see it. */
export type Deployment = {
  http: Http;
  jobs: Jobs;
  /** How often the server sends a comment on an idle stream, in ms: its SSE_HEARTBEAT_MS. */
  heartbeatMs: number;
  /** The origin of a web page that calls the API, for the checks of CORS. */
  pageOrigin: string;
  /** Says what is waited for. */
  say(text: string): void;
};

/** Makes what the checks need. No request is made yet. */
export function createDeployment(http: Http, rest: Pick<Deployment, 'heartbeatMs' | 'pageOrigin' | 'say'>): Deployment {
  return { http, jobs: createJobs(http), ...rest };
}

/** Finds out why a deployment can't be checked: it can't be reached, refuses the caller, or can't do the jobs. Undefined if it can. */
export async function findObstacle(http: Http): Promise<string | undefined> {
  try {
    for (const [path, why] of steps) {
      const reason = why(await http.ask(path), http);
      if (reason !== undefined) return reason;
    }
    return undefined;
  } catch (error) {
    return `${http.urlOf('/').origin} can't be reached: ${wordsOfError(error)}`;
  }
}

/** What is asked before the checks, with why its answer means that they can't be made. */
const steps: [path: string, why: (answer: Answer, http: Http) => string | undefined][] = [
  ['/health', unhealthy],
  ['/api/jobs?limit=1', refused],
  ['/api/kinds', withoutProvider],
  ['/api/queue/stats', withoutWorker],
];

function unhealthy({ status, headers, json, text }: Answer): string | undefined {
  if (status >= 300 && status < 400) return `it redirects to ${headers.get('location')}; give that address`;
  if (status === 421) return show(json['detail'] ?? text);
  if (status !== 200) return `GET /health answers ${status}: ${show(text)}`;
  return json['status'] === 'ok' ? undefined : `this is no deployment of ai-jobs: GET /health answers ${show(text)}`;
}

function refused({ status, json, text }: Answer, { identity }: Http): string | undefined {
  if (status !== 401 && status !== 403) return undefined;
  const advice =
    'authorization' in identity
      ? 'SMOKE_TOKEN is not taken; it may have expired'
      : "set SMOKE_TOKEN to the access token of a user's session, or to what your gateway takes as Authorization: Bearer";
  return `the caller is refused (${status}: ${show(json['detail'] ?? text)}); ${advice}`;
}

function withoutProvider({ json }: Answer): string | undefined {
  const { kinds } = json as { kinds?: { name: string; available?: boolean; missing?: string[] }[] };
  const kind = Array.isArray(kinds) ? kinds.find(({ name }) => name === 'generate-flashcards') : undefined;
  return kind?.available === false ? `no worker can make flashcards: it lacks ${kind.missing?.join(', ')}` : undefined;
}

function withoutWorker({ json }: Answer): string | undefined {
  return json['workers'] === 0 ? 'no worker is connected to the queue, so no job would end' : undefined;
}
