/** The metrics of one process: a registry of prom-client, in the text format of Prometheus. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The values of a metric's labels, by name. */
export type Labels<Name extends string> = Readonly<Record<Name, string | number>>;

/** What a metric is made with. `labels`: their names. */
export type MetricOptions<Name extends string> = { name: string; help: string; labels: readonly Name[] };

/** Adds to a counter: 1 if no other number is given. What is no number, or negative, is passed over. */
export type Count<Name extends string> = (labels: Labels<Name>, by?: number) => void;

/**
 * Adds an observation to a histogram, in the unit that its name ends with. What is no number is passed
 * over: a job's record may hold nonsense, and counting must not end a process.
 */
export type Observe<Name extends string> = (labels: Labels<Name>, value: number) => void;

/** One value of a gauge. */
export type Sample<Name extends string> = readonly [labels: Labels<Name>, value: number];

/** Replaces all values of a gauge. A gauge without values is absent. */
export type Replace<Name extends string> = (samples: readonly Sample<Name>[]) => void;

/** Metrics of Node that `promtool check metrics` refuses: their names end as those of counters. */
const REFUSED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** The resolution of the delay of the event loop, in ms. */
const LOOP_RESOLUTION_MS = 20;

/** A reading that is made when somebody scrapes, and how its gauges are emptied. */
type Reading = { read: () => void | Promise<void>; clear: () => void };

/**
 * Owns the registry of a process. Counters and histograms cost about a microsecond each. Gauges are
 * read when somebody scrapes, so that a process that nobody scrapes reads nothing for them.
 */
export class ProcessMetrics {
  /** The media type of the text. */
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #readings: Reading[] = [];
  readonly #onError: (error: unknown) => void;
  #hasDefaults = false;
  #scrape: Promise<string> | undefined;

  /** `onError`: called when a reading fails. Its gauges are then absent. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  counter<const Name extends string>({ name, help, labels }: MetricOptions<Name>): Count<Name> {
    const counter = new Counter({ name, help, labelNames: labels, registers: [this.#registry] });
    return (values, by = 1) => {
      if (Number.isFinite(by) && by >= 0) counter.inc(values as Record<Name, string>, by);
    };
  }

  /** `buckets`: their upper bounds. */
  histogram<const Name extends string>({
    name,
    help,
    labels,
    buckets,
  }: MetricOptions<Name> & { buckets: readonly number[] }): Observe<Name> {
    const histogram = new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers: [this.#registry] });
    return (values, value) => {
      if (Number.isFinite(value)) histogram.observe(values as Record<Name, string>, value);
    };
  }

  /** A gauge whose values are set by a reading; see {@link ProcessMetrics.onScrape}. */
  gauge<const Name extends string>({ name, help, labels }: MetricOptions<Name>): Replace<Name> {
    const gauge = new Gauge({ name, help, labelNames: labels, registers: [this.#registry] });
    return (samples) => {
      gauge.reset();
      if (samples.length === 0 && labels.length === 0) gauge.remove(); // a reset sets it to 0
      for (const [values, value] of samples) gauge.set(values as Record<Name, string>, value);
    };
  }

  /** A gauge without labels, of a value that the process knows. */
  value(name: string, help: string, read: () => number): void {
    const replace = this.gauge({ name, help, labels: [] });
    this.onScrape([replace], () => replace([[{}, read()]]));
  }

  /** A counter without labels, of a total that the process keeps elsewhere. */
  total(name: string, help: string, read: () => number): void {
    const counter = new Counter({ name, help, registers: [this.#registry] });
    const readNow = (): void => {
      counter.reset();
      counter.inc(read());
    };
    this.#readings.push({ read: readNow, clear: () => {} });
  }

  /** Reads gauges whenever somebody scrapes. If `read` fails they are absent until the next scrape. */
  onScrape(gauges: readonly ((samples: readonly never[]) => void)[], read: () => void | Promise<void>): void {
    this.#readings.push({ read, clear: () => gauges.forEach((replace) => replace([])) });
  }

  /** All metrics as text. Who asks while they are read gets the same text. */
  text(): Promise<string> {
    this.#scrape ??= this.#read().finally(() => (this.#scrape = undefined));
    return this.#scrape;
  }

  async #read(): Promise<string> {
    if (!this.#hasDefaults) await this.#addDefaults();
    await Promise.all(this.#readings.map((reading) => this.#readOne(reading)));
    return this.#registry.metrics();
  }

  async #readOne({ read, clear }: Reading): Promise<void> {
    try {
      await read();
    } catch (error) {
      clear();
      this.#onError(error);
    }
  }

  /**
   * Adds the metrics of Node and of the process. They begin with the first scrape, because the delay
   * of the event loop is measured by a timer. The first measurement takes twice its resolution.
   */
  async #addDefaults(): Promise<void> {
    this.#hasDefaults = true;
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: LOOP_RESOLUTION_MS });
    for (const name of REFUSED) this.#registry.removeSingleMetric(name);
    await new Promise((resolve) => setTimeout(resolve, 2 * LOOP_RESOLUTION_MS));
  }
}
