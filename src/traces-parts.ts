/** Opens what a process tells its spans to. Without an endpoint nothing of OpenTelemetry is loaded. */
import type { Logger } from 'pino';
import type { Role } from './env/rules.ts';
import type { Parts } from './process.ts';
import type { ExportSettings } from './traces/settings.ts';
import { HANDS_ON, type Tracer } from './traces/tracer.ts';

/** What it is opened with. `instance`: which of the processes of this role this one is. */
export type TracesOptions = { settings: ExportSettings | undefined; role: Role; instance: string; version: string; log: Logger };

/**
 * Opens it as a part of the process. It is to be the first: what closes before it has its spans
 * sent, too.
 */
export async function openTraces({ settings, role, ...options }: TracesOptions, parts: Pick<Parts, 'add'>): Promise<Tracer> {
  if (!settings) return HANDS_ON;
  const { OpenTelemetryTracer } = await import('./traces/open-telemetry.ts');
  const tracer = await OpenTelemetryTracer.open({ ...settings, ...options, service: `ai-jobs-${role}` });
  options.log.info({ protocol: settings.protocol, sampler: settings.sampler.name }, 'traces: spans are exported');
  return parts.add(tracer);
}
