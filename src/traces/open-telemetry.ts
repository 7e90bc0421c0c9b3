/**
 * Spans by OpenTelemetry's SDK, sent as OTLP. This file loads the SDK, so it is imported only where
 * an endpoint is set. Nothing global is set: other code of the process gets no spans.
 */
import { type Context, isSpanContextValid, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Span as OtelSpan, SpanContext, Tracer as OtelTracer } from '@opentelemetry/api';
import { detectResources, resourceAttributesEnvDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import type { TraceParent } from '../job/trace-parent.ts';
import { createSampler } from './samplers.ts';
import type { ExportSettings } from './settings.ts';
import type { NewSpan, Span, SpanEnd, SpanFacts, Tracer } from './tracer.ts';
import { WatchedExporter } from './watched-exporter.ts';

/** What the SDK is opened with. `instance`: which of the service's processes this one is. */
export type OpenTelemetryOptions = ExportSettings & {
  service: string;
  version: string;
  instance: string;
  log: Pick<Logger, 'warn'>;
};

/** How long the end of the process waits for the spans that were not sent yet, in ms. */
const FLUSH_MS = 1000;

const KINDS: Readonly<Record<NewSpan['kind'], SpanKind>> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/** Where each way to write OTLP is. */
const EXPORTERS: Readonly<Record<ExportSettings['protocol'], (url: string) => Promise<SpanExporter>>> = {
  'http/protobuf': async (url) => new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter({ url }),
  'http/json': async (url) => new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter({ url }),
};

/** The spans of a process. */
export class OpenTelemetryTracer implements Tracer {
  readonly #provider: TracerProvider;
  readonly #exporter: WatchedExporter;
  readonly #tracer: OtelTracer;

  private constructor(exporter: WatchedExporter, options: OpenTelemetryOptions) {
    const { service, version, instance, serviceName, batch, sampler } = options;
    const own = { 'service.name': service, 'service.version': version, 'service.instance.id': instance };
    const said = detectResources({ detectors: [resourceAttributesEnvDetector] });
    const named = resourceFromAttributes(serviceName === undefined ? {} : { 'service.name': serviceName });
    this.#exporter = exporter;
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes(own).merge(said).merge(named),
      sampler: createSampler(sampler.name, sampler.ratio),
      spanProcessors: [new BatchSpanProcessor({ exporter, ...batch })], // what comes beyond its queue is dropped
    });
    this.#tracer = this.#provider.getTracer('ai-jobs', version);
  }

  static async open(options: OpenTelemetryOptions): Promise<OpenTelemetryTracer> {
    const exporter = await EXPORTERS[options.protocol](options.url);
    return new OpenTelemetryTracer(new WatchedExporter(exporter, options.log), options);
  }

  begin({ name, kind, parent, linked, facts = {}, begunAt }: NewSpan): Span {
    const links = linked === undefined ? [] : [{ context: contextOf(linked) }];
    const options = { kind: KINDS[kind], attributes: toAttributes(facts), links, ...(begunAt !== undefined && { startTime: begunAt }) };
    return new ExportedSpan(this.#tracer.startSpan(name, options, within(parent)));
  }

  /** Sends what was not sent yet, unless the collector is away. It ends within a second. */
  async close(): Promise<void> {
    if (this.#exporter.failed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const over = setTimeout(resolve, FLUSH_MS);
    void this.#provider.shutdown().then(resolve, resolve);
    await promise;
    clearTimeout(over);
  }
}

/** A span that is sent when it has ended. */
class ExportedSpan implements Span {
  readonly traceparent: TraceParent;
  readonly #span: OtelSpan;

  constructor(span: OtelSpan) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.#span = span;
    this.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  link(other: TraceParent | undefined): void {
    if (other !== undefined) this.#span.addLink({ context: contextOf(other) });
  }

  end({ name, facts = {}, error }: SpanEnd = {}): void {
    if (name !== undefined) this.#span.updateName(name);
    this.#span.setAttributes(toAttributes(facts));
    if (error !== undefined) this.#span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
    this.#span.end();
  }
}

/** The context of a span with this parent. */
function within(parent: TraceParent | undefined): Context {
  const context = parent === undefined ? undefined : contextOf(parent);
  return context && isSpanContextValid(context) ? trace.setSpanContext(ROOT_CONTEXT, context) : ROOT_CONTEXT;
}

function contextOf(parent: TraceParent): SpanContext {
  const [, traceId = '', spanId = '', flags = '0'] = parent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

/** Without the facts that are not known. */
function toAttributes(facts: SpanFacts): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(facts)) if (value !== undefined) attributes[name] = value;
  return attributes;
}
