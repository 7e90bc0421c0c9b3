/**
 * What a process tells of its work as spans of a trace, without a word of OpenTelemetry. Where
 * nothing is exported, the trace that a request names is still handed on.
 */
import type { TraceParent } from '../job/trace-parent.ts';

/** Facts about a span, named by OpenTelemetry's conventions. Nothing that users or models wrote. */
export type SpanFacts = Record<string, string | number | boolean | readonly string[] | undefined>;

/** A span to be. `parent`: the span it is part of; without one it begins a trace. */
export type NewSpan = {
  name: string;
  kind: 'server' | 'client' | 'producer' | 'consumer';
  parent?: TraceParent | undefined;
  /** A span of another trace, or of this one, that it has to do with. */
  linked?: TraceParent | undefined;
  facts?: SpanFacts;
  /** When it began, as performance.now() tells it; now where it is not said. */
  begunAt?: number;
};

/** How a span ended. `error`: the code of what went wrong. */
export type SpanEnd = { name?: string; facts?: SpanFacts; error?: string | undefined };

/** A span that has begun. None of its methods throws. A span that is not ended is not told of. */
export type Span = {
  /** How its children name it; the parent's name where nothing is exported. */
  readonly traceparent: TraceParent | undefined;
  /** It has to do with another span, too. */
  link(other: TraceParent | undefined): void;
  end(how?: SpanEnd): void;
};

/** Begins spans. */
export type Tracer = { begin(span: NewSpan): Span };

/** Tells nobody anything, and hands on the trace that a request names. */
export const HANDS_ON: Tracer = {
  begin: ({ parent }) => ({ traceparent: parent, link() {}, end() {} }),
};
