/** The metrics of a worker process: jobs, items, calls of vendors, tokens and dollars. */
import type { Author, Usage } from '../src/job/snapshot.ts';
import type { ProblemCode } from '../src/job/problem.ts';
import type { CapabilityName } from '../src/kinds/kind.ts';
import { createBoundedLabel, OTHER } from '../src/metrics/bounded-label.ts';
import { CALL_SECONDS, CALL_TOKENS, JOB_SECONDS } from '../src/metrics/buckets.ts';
import { createEndedJobs } from '../src/metrics/ended-jobs.ts';
import type { Count, Observe, ProcessMetrics } from '../src/metrics/process-metrics.ts';
import type { Assignment } from './assignments.ts';
import type { EndedCall } from './capabilities.ts';
import { OPERATIONS } from './operation-names.ts';
import type { AgainReason, RunEvents } from './run/run-events.ts';

/** The labels of a call by OpenTelemetry's conventions for GenAI. */
type CallLabel = 'gen_ai_operation_name' | 'gen_ai_provider_name' | 'gen_ai_request_model';
const CALL_LABELS = ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'] as const;

/** Takes what runs report. */
export class WorkerMetrics implements RunEvents {
  readonly #started: Count<'kind'>;
  readonly #ended: Count<'kind' | 'provider' | 'outcome' | 'code'>;
  readonly #again: Count<'kind' | 'code' | 'what'>;
  readonly #items: Count<'kind'>;
  readonly #wait: Observe<'kind'>;
  readonly #run: Observe<'kind'>;
  readonly #firstItem: Observe<'kind'>;
  readonly #cost: Count<'kind' | 'provider' | 'model' | 'estimated'>;
  readonly #unknownCost: Count<'kind' | 'provider' | 'model'>;
  readonly #call: Observe<CallLabel | 'error_type'>;
  readonly #firstPart: Observe<CallLabel>;
  readonly #tokens: Observe<CallLabel | 'gen_ai_token_type'>;
  /** Who does each kind here; '' where nobody does. */
  readonly #providers: ReadonlyMap<string, string>;
  readonly #provider = createBoundedLabel();
  readonly #model = createBoundedLabel();

  /** `assignments`: what the worker does. Its kinds count from the start, as 0. */
  constructor(metrics: ProcessMetrics, assignments: ReadonlyMap<string, Assignment>) {
    const ofJobs = <const Name extends string>(name: string, help: string, labels: readonly Name[]) => ({
      name: `aijobs_${name}`,
      help,
      labels,
    });
    const seconds = (name: string, help: string) =>
      metrics.histogram({ ...ofJobs(`job_${name}_seconds`, help, ['kind']), buckets: JOB_SECONDS });
    this.#started = metrics.counter(ofJobs('jobs_started_total', 'Runs of jobs that were begun.', ['kind']));
    this.#ended = createEndedJobs(metrics);
    this.#again = metrics.counter(
      ofJobs('attempts_total', 'Runs after which the job waits again: it is retried, was put off, or has lost its worker.', [
        'kind',
        'code',
        'what',
      ]),
    );
    this.#items = metrics.counter(ofJobs('items_total', 'Items that were written.', ['kind']));
    this.#wait = seconds('wait', 'The time from when a job could begin to when a run of it began. A pause that was intended is no wait.');
    this.#run = seconds('run', 'The time of the last run of a job that ended.');
    this.#firstItem = seconds('first_item', 'The time from the begin of a run to the first item of its job.');
    this.#cost = metrics.counter(
      ofJobs('cost_usd_total', 'What calls have cost, in US dollars, as far as prices are known.', [
        'kind',
        'provider',
        'model',
        'estimated',
      ]),
    );
    this.#unknownCost = metrics.counter(ofJobs('cost_unknown_total', 'Calls whose price is not known.', ['kind', 'provider', 'model']));
    this.#call = metrics.histogram({
      name: 'gen_ai_client_operation_duration_seconds',
      help: 'The time of calls of vendors.',
      labels: [...CALL_LABELS, 'error_type'],
      buckets: CALL_SECONDS,
    });
    this.#firstPart = metrics.histogram({
      name: 'gen_ai_client_operation_time_to_first_chunk_seconds',
      help: 'The time from a call to the first part of its answer.',
      labels: CALL_LABELS,
      buckets: CALL_SECONDS,
    });
    this.#tokens = metrics.histogram({
      name: 'gen_ai_client_token_usage',
      help: 'The tokens of calls that are billed.',
      labels: [...CALL_LABELS, 'gen_ai_token_type'],
      buckets: CALL_TOKENS,
    });
    this.#providers = new Map([...assignments].map(([kind, { support }]) => [kind, support.available ? support.provider : '']));
    for (const [kind, provider] of this.#providers) {
      this.#started({ kind }, 0);
      this.#items({ kind }, 0);
      this.#again({ kind, what: 'stalled', code: 'worker_lost' }, 0);
      this.#ended({ kind, provider, outcome: 'completed', code: '' }, 0);
    }
  }

  started(kind: string, waitMs: number | undefined): void {
    const labels = this.#kind(kind);
    this.#started(labels);
    if (waitMs !== undefined) this.#wait(labels, waitMs / 1000);
  }

  ended(kind: string, end: { outcome: 'completed' } | { outcome: 'failed'; code: ProblemCode }, runMs?: number): void {
    const labels = this.#kind(kind);
    const provider = this.#providers.get(kind) ?? '';
    this.#ended({ ...labels, provider, outcome: end.outcome, code: end.outcome === 'failed' ? end.code : '' });
    if (runMs !== undefined) this.#run(labels, runMs / 1000);
  }

  /** A job was cancelled by this process: its time was up. */
  cancelled(kind: string): void {
    this.#ended({ ...this.#kind(kind), provider: '', outcome: 'cancelled', code: '' });
  }

  again(kind: string, what: AgainReason, code: ProblemCode): void {
    this.#again({ ...this.#kind(kind), what, code });
  }

  item(kind: string, firstMs: number | undefined): void {
    const labels = this.#kind(kind);
    this.#items(labels);
    if (firstMs !== undefined) this.#firstItem(labels, firstMs / 1000);
  }

  called(capability: CapabilityName, { author, ms, firstMs, code }: EndedCall): void {
    const labels = this.#callLabels(capability, author);
    this.#call({ ...labels, error_type: code ?? '' }, ms / 1000);
    if (firstMs !== undefined) this.#firstPart(labels, firstMs / 1000);
  }

  used(kind: string, capability: CapabilityName, author: Author, { inputTokens, outputTokens, costUsd, estimated }: Usage): void {
    const labels = this.#callLabels(capability, author);
    if (inputTokens > 0) this.#tokens({ ...labels, gen_ai_token_type: 'input' }, inputTokens);
    if (outputTokens > 0) this.#tokens({ ...labels, gen_ai_token_type: 'output' }, outputTokens);
    const paid = { ...this.#kind(kind), provider: labels.gen_ai_provider_name, model: labels.gen_ai_request_model };
    if (costUsd === undefined) this.#unknownCost(paid);
    else this.#cost({ ...paid, estimated: String(estimated ?? false) }, costUsd);
  }

  #kind(kind: string): { kind: string } {
    return { kind: this.#providers.has(kind) ? kind : OTHER };
  }

  #callLabels(capability: CapabilityName, { provider, model = '' }: Author): Record<CallLabel, string> {
    return {
      gen_ai_operation_name: OPERATIONS[capability],
      gen_ai_provider_name: this.#provider(provider),
      gen_ai_request_model: this.#model(model),
    };
  }
}
