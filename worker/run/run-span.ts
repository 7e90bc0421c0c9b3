/**
 * What a trace tells of a run: the run itself, each call of a vendor (by OpenTelemetry's conventions
 * for GenAI) and the job that it leads to. Nothing that users or models wrote.
 */
import { type ProblemCode, ProblemError } from '../../src/job/problem.ts';
import type { CapabilityName } from '../../src/kinds/kind.ts';
import { beginProcess, beginSend, type ProcessedJob, sentFacts } from '../../src/traces/messaging.ts';
import type { Span, SpanFacts, Tracer } from '../../src/traces/tracer.ts';
import type { EndedCall } from '../capabilities.ts';
import { OPERATIONS } from '../operation-names.ts';

/** The span of a run. */
export class RunSpan {
  readonly #tracer: Tracer;
  readonly #span: Span;

  constructor(tracer: Tracer, job: ProcessedJob) {
    this.#tracer = tracer;
    this.#span = beginProcess(tracer, job);
  }

  /** A call of a vendor is over. */
  called(capability: CapabilityName, call: EndedCall): void {
    const { traceparent: parent } = this.#span;
    if (parent === undefined) return;
    const { provider, model } = call.author;
    const operation = OPERATIONS[capability];
    const name = `${operation} ${model ?? provider}`;
    const begunAt = performance.now() - call.ms;
    const asked = { 'gen_ai.operation.name': operation, 'gen_ai.provider.name': provider, 'gen_ai.request.model': model };
    this.#tracer.begin({ name, kind: 'client', parent, begunAt, facts: asked }).end({ facts: answerFacts(call), error: call.code });
  }

  /** Adds the job that this one leads to. `add`: does it, and resolves with the job's id. */
  async sending(kind: string, add: (traceparent: string | undefined) => Promise<string>): Promise<string> {
    const span = beginSend(this.#tracer, kind, this.#span.traceparent);
    try {
      const jobId = await add(span.traceparent);
      span.end({ facts: sentFacts(jobId) });
      return jobId;
    } catch (error) {
      span.end({ error: codeOf(error) });
      throw error;
    }
  }

  /** The run is over. `outcome`: what becomes of the job; `lost` if it is not this run's any more. */
  ended(outcome: string, error?: unknown): void {
    const code = outcome === 'lost' ? 'lock_lost' : codeOf(error);
    this.#span.end({ facts: { 'ai_jobs.outcome': outcome }, ...(error !== undefined && { error: code }) });
  }
}

/** What is known of an answer. Only tokens have a name in the conventions. */
function answerFacts({ used, finish, firstMs }: EndedCall): SpanFacts {
  const { inputTokens, outputTokens, characters, seconds, images, costUsd } = used?.() ?? {};
  return {
    'gen_ai.usage.input_tokens': inputTokens || undefined,
    'gen_ai.usage.output_tokens': outputTokens || undefined,
    'gen_ai.response.finish_reasons': finish === undefined ? undefined : [finish],
    'ai_jobs.first_part_ms': firstMs && Math.round(firstMs),
    'ai_jobs.usage.characters': characters,
    'ai_jobs.usage.seconds': seconds,
    'ai_jobs.usage.images': images,
    'ai_jobs.cost_usd': costUsd,
  };
}

/** The code of an error, which is never its message. */
function codeOf(error: unknown): ProblemCode | '_OTHER' {
  return error instanceof ProblemError ? error.code : '_OTHER';
}
