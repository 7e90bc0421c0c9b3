/** Spans of a job's way through the queue, by OpenTelemetry's conventions for messaging. */
import type { TraceParent } from '../job/trace-parent.ts';
import { type Lane, QUEUE_NAME, queueNameOf } from '../store/keys.ts';
import type { Span, SpanFacts, Tracer } from './tracer.ts';

/** A run of a job. `parent`: the span that has sent the job. */
export type ProcessedJob = { kind: string; jobId: string; lane: Lane; attempt: number; parent: TraceParent | undefined };

/** Begins the span of adding a job to the queue. Its name goes with the job. */
export function beginSend(tracer: Tracer, kind: string, parent: TraceParent | undefined): Span {
  return tracer.begin({ name: `send ${kind}`, kind: 'producer', parent, facts: factsOf('send', kind, QUEUE_NAME) });
}

/** What is known of a job once it was added. */
export function sentFacts(jobId: string): SpanFacts {
  return { 'messaging.message.id': jobId };
}

/** Begins the span of a run. */
export function beginProcess(tracer: Tracer, { kind, jobId, lane, attempt, parent }: ProcessedJob): Span {
  const facts = { ...factsOf('process', kind, queueNameOf(lane, 'wait')), ...sentFacts(jobId), 'ai_jobs.attempt': attempt };
  return tracer.begin({ name: `process ${kind}`, kind: 'consumer', parent, facts });
}

function factsOf(operation: 'send' | 'process', kind: string, queue: string): SpanFacts {
  return {
    'messaging.system': 'bullmq',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': queue,
    'ai_jobs.kind': kind,
  };
}
