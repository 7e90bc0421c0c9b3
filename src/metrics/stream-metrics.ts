/** The metrics of an API process' streams, and of the reader that feeds them. */
import type { Clock } from '../store/clock.ts';
import type { StreamEnd, StreamEvents, StreamType } from '../stream/connections.ts';
import { DELIVERY_SECONDS } from './buckets.ts';
import type { Count, Observe, ProcessMetrics } from './process-metrics.ts';

/** What is read of the streams at a scrape. */
export type StreamSources = {
  followers: () => Readonly<Record<StreamType, number>>;
  restarts: () => number;
  /** For how long the oldest event that this process has not read is there, in ms; 0 if there is none. */
  lagMs: () => Promise<number>;
};

/** Takes what happens on streams. */
export class StreamMetrics implements StreamEvents {
  readonly #metrics: ProcessMetrics;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #opened: Count<'type'>;
  readonly #closed: Count<'type' | 'why'>;
  readonly #events: Count<'type'>;
  readonly #delivery: Observe<never>;
  readonly #reconciles: Count<never>;

  constructor(metrics: ProcessMetrics, clock: Pick<Clock, 'now'>) {
    this.#metrics = metrics;
    this.#clock = clock;
    this.#opened = metrics.counter({
      name: 'aijobs_stream_opened_total',
      help: "Streams that were opened: of a job, of a user's jobs, or a request that waits for a job.",
      labels: ['type'],
    });
    this.#closed = metrics.counter({
      name: 'aijobs_stream_closed_total',
      help: 'Streams that were closed, by why: the job ended or is gone, the client left or was too slow, the stream was too old, the process stops.',
      labels: ['type', 'why'],
    });
    this.#events = metrics.counter({
      name: 'aijobs_stream_events_total',
      help: 'Journal rows, states and ends that were sent.',
      labels: ['type'],
    });
    this.#delivery = metrics.histogram({
      name: 'aijobs_stream_delivery_seconds',
      help: "The time from when a journal row was written to when it was written to the sockets of all its followers, by Redis' clock.",
      labels: [],
      buckets: DELIVERY_SECONDS,
    });
    this.#reconciles = metrics.counter({
      name: 'aijobs_reconciles_total',
      help: 'How often all followed jobs were read because signals may have been missed.',
      labels: [],
    });
    for (const type of ['job', 'user', 'wait'] as const) {
      this.#opened({ type }, 0);
      this.#events({ type }, 0);
    }
    this.#reconciles({}, 0);
  }

  opened(type: StreamType): void {
    this.#opened({ type });
  }

  closed(type: StreamType, why: StreamEnd): void {
    this.#closed({ type, why });
  }

  sent(type: StreamType, events: number): void {
    this.#events({ type }, events);
  }

  rowSent(writtenAt: number): void {
    this.#delivery({}, Math.max(this.#clock.now() - writtenAt, 0) / 1000);
  }

  reconciled(): void {
    this.#reconciles({});
  }

  /** From now on reads these at each scrape. */
  read({ followers, restarts, lagMs }: StreamSources): void {
    const open = this.#metrics.gauge({ name: 'aijobs_stream_followers', help: 'Streams that are open now.', labels: ['type'] });
    this.#metrics.onScrape([open], () => open(Object.entries(followers()).map(([type, count]) => [{ type }, count])));
    this.#metrics.total('aijobs_event_reader_restarts_total', 'How often the event reader had to be started again.', restarts);
    const lag = this.#metrics.gauge({
      name: 'aijobs_event_reader_lag_seconds',
      help: 'For how long the oldest event that this process has not read is there.',
      labels: [],
    });
    this.#metrics.onScrape([lag], async () => lag([[{}, (await lagMs()) / 1000]]));
  }
}
