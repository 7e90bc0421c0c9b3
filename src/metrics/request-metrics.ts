/** The metrics of an API process' requests and submissions. */
import { HTTP_SECONDS } from './buckets.ts';
import { createEndedJobs } from './ended-jobs.ts';
import type { Count, Observe, ProcessMetrics } from './process-metrics.ts';

/** The methods that OpenTelemetry names. Others count as `_OTHER`. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

/** Outcomes that are 0 from the start: new jobs, and refusals of which an alert watches the increase. */
const FROM_START = ['new', 'queue_full', 'storage_full', 'server_busy', 'provider_not_configured', 'internal_error'];

/** Takes what happens with requests; see `RequestEvents` of the routes. */
export class RequestMetrics {
  readonly #duration: Observe<'http_request_method' | 'http_route' | 'http_response_status_code'>;
  readonly #submissions: Count<'kind' | 'outcome'>;
  readonly #cancelled: Count<'kind' | 'provider' | 'outcome' | 'code'>;
  readonly #kinds: ReadonlySet<string>;

  /** `kinds`: the names of all kinds. They count from the start, as 0. */
  constructor(metrics: ProcessMetrics, kinds: readonly string[]) {
    this.#kinds = new Set(kinds);
    this.#duration = metrics.histogram({
      name: 'http_server_request_duration_seconds',
      help: 'The time of requests. Streams, and requests that wait for a job, are not among them.',
      labels: ['http_request_method', 'http_route', 'http_response_status_code'],
      buckets: HTTP_SECONDS,
    });
    this.#submissions = metrics.counter({
      name: 'aijobs_submissions_total',
      help: 'Submissions by what came of them: a new job, a replayed or reused one, or the code of the refusal.',
      labels: ['kind', 'outcome'],
    });
    this.#cancelled = createEndedJobs(metrics);
    for (const kind of kinds) {
      for (const outcome of FROM_START) this.#submissions({ kind, outcome }, 0);
      this.#cancelled({ kind, provider: '', outcome: 'cancelled', code: '' }, 0);
    }
  }

  answered(method: string, route: string, status: number, ms: number): void {
    const http_request_method = METHODS.has(method) ? method : '_OTHER';
    this.#duration({ http_request_method, http_route: route, http_response_status_code: status }, ms / 1000);
  }

  submitted(kind: string, outcome: string): void {
    this.#submissions({ kind, outcome });
  }

  /** A job of this kind was cancelled by this process. */
  cancelled(kind: string): void {
    if (this.#kinds.has(kind)) this.#cancelled({ kind, provider: '', outcome: 'cancelled', code: '' });
  }
}
