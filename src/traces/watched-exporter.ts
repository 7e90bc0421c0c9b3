/**
 * An exporter of spans whose failures are told once a minute: a collector that is away costs spans,
 * and nothing else.
 */
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';

type Done = Parameters<SpanExporter['export']>[1];

/** How often a failure is told of at most, in ms. */
const WARN_MS = 60_000;

/** The exporter. */
export class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #log: Pick<Logger, 'warn'>;
  #failed = false;
  #lost = 0;
  #warnedAt = -Infinity;

  constructor(exporter: SpanExporter, log: Pick<Logger, 'warn'>) {
    this.#exporter = exporter;
    this.#log = log;
  }

  /** Whether the last batch was not taken. Then nobody waits for the next one. */
  get failed(): boolean {
    return this.#failed;
  }

  export(spans: ReadableSpan[], done: Done): void {
    this.#exporter.export(spans, (result) => {
      this.#failed = result.error !== undefined;
      if (this.#failed) this.#warn(spans.length, result.error);
      done({ code: 0 }); // the SDK has nothing to add
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush?.() ?? Promise.resolve();
  }

  #warn(lost: number, error: Error | undefined): void {
    this.#lost += lost;
    const now = performance.now();
    if (now - this.#warnedAt < WARN_MS) return;
    this.#warnedAt = now;
    this.#log.warn({ err: error, lost: this.#lost }, 'traces: the collector does not take spans');
    this.#lost = 0;
  }
}
