/** How spans are exported, as the environment says it. */

/** The names that OTEL_TRACES_SAMPLER may have. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export type SamplerName = (typeof SAMPLERS)[number];

/** How OTLP is written. */
export const PROTOCOLS = ['http/protobuf', 'http/json'] as const;

/** How spans are collected until they are sent: times in ms, sizes in spans. */
export type BatchSettings = { scheduledDelayMillis: number; exportTimeoutMillis: number; maxQueueSize: number; maxExportBatchSize: number };

/** The settings of the export. `url`: where spans are sent. */
export type ExportSettings = {
  url: string;
  protocol: (typeof PROTOCOLS)[number];
  serviceName: string | undefined;
  batch: BatchSettings;
  sampler: { name: SamplerName; /** 0 to 1. */ ratio: number };
};
