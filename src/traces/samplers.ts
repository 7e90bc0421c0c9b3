/** Which traces are kept: the samplers that OTEL_TRACES_SAMPLER names. */
import { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, type Sampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import type { SamplerName } from './settings.ts';

/**
 * Those that decide by the trace alone. The others ask the parent first, and these where there is
 * none.
 */
const ROOTS: Readonly<Record<'always_on' | 'always_off' | 'traceidratio', (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
};

const PREFIX = 'parentbased_';

/** Makes a sampler. `ratio`: the share of traces that those by ratio keep, 0 to 1. */
export function createSampler(name: SamplerName, ratio: number): Sampler {
  const root = ROOTS[name.replace(PREFIX, '') as keyof typeof ROOTS](ratio);
  return name.startsWith(PREFIX) ? new ParentBasedSampler({ root }) : root;
}
