/** What the export of spans costs: nothing of it is loaded while it is off, and no collector holds up a process. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { OpenTelemetryTracer } from '../../src/traces/open-telemetry.ts';
import { WatchedExporter } from '../../src/traces/watched-exporter.ts';
import { startCollector } from '../support/collector.ts';
import { answerWith, endless, startOpenAI } from '../support/openai.ts';
import { freePort } from '../support/ports.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack.ts';

const JSON_ENV = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
const LOADED = { NODE_OPTIONS: `--import=${fileURLToPath(new URL('../support/loaded-modules.ts', import.meta.url))}` };
const NOTES = { content: 'Water boils at 100 degrees.' };

/** Runs a job through an API and a worker as processes, stops both, and tells their exit codes and logs. */
async function runJob(env: Record<string, string>) {
  const stack = await startStack({ ...env, SHUTDOWN_GRACE_MS: '8000' });
  const worker = await stack.startWorker();
  const job = await stack.submit(NOTES);
  expect(await (await stack.watch(job)).until(isEnd)).toMatchObject({ event: 'completed' });
  const codes = [await worker.stop('SIGTERM'), await stack.api.stop('SIGTERM')];
  return { codes, lines: [...worker.log(), ...stack.api.log()] };
}

const loadedIn = (lines: Record<string, unknown>[]) => [...new Set(lines.flatMap(({ loaded }) => (loaded === undefined ? [] : [loaded])))];

test('while it is off no package of OpenTelemetry is loaded by either process', async () => {
  const off = await runJob(LOADED);
  expect(loadedIn(off.lines)).toEqual([]);
  const collector = await startCollector(JSON_ENV);
  const on = await runJob({ ...LOADED, ...collector.env });
  expect(loadedIn(on.lines)).toContain('@opentelemetry/sdk-trace');
  expect(loadedIn(on.lines)).not.toContain('@opentelemetry/exporter-trace-otlp-proto');
  const disabled = await runJob({ ...LOADED, ...collector.env, OTEL_SDK_DISABLED: 'true' });
  expect(loadedIn(disabled.lines)).toEqual([]);
});

test('a collector that never answers holds up neither a job nor the end of a process', async () => {
  const collector = await startCollector(JSON_ENV, () => {});
  expect((await runJob(collector.env)).codes).toEqual([0, 0]); // the exporter alone would wait for longer than the process may
});

test('a collector that is not there holds up neither', async () => {
  const { codes } = await runJob({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` });
  expect(codes).toEqual([0, 0]);
});

test('what a collector refuses is told as a warning, without what it says', async () => {
  const collector = await startCollector({}, (response) => response.writeHead(400).end('a secret of the collector'));
  const { codes, lines } = await runJob(collector.env);
  const warnings = lines.filter(({ msg }) => msg === 'traces: the collector does not take spans');
  expect(codes).toEqual([0, 0]);
  expect(warnings.map(({ name }) => name)).toEqual(['worker', 'api']);
  expect(warnings[0]).toMatchObject({ level: 40, lost: expect.any(Number), err: { code: 400 } });
  expect(JSON.stringify(lines)).not.toContain('secret of the collector');
});

test('however often a collector fails, it is told once a minute; the next warning counts what was lost meanwhile', () => {
  const warnings: object[] = [];
  const failing = {
    export: (_spans: unknown, done: (result: { code: number; error: Error }) => void) => done({ code: 1, error: new Error('no') }),
  };
  const exporter = new WatchedExporter({ ...failing, shutdown: async () => {} }, { warn: (about: object) => void warnings.push(about) });
  for (let n = 0; n < 3; n++) exporter.export([{} as never, {} as never], () => {});
  expect(warnings).toMatchObject([{ lost: 2 }]);
  expect(exporter.failed).toBe(true);
});

test('spans are kept up to a bound while they are not sent', async () => {
  const collector = await startCollector(JSON_ENV);
  const url = `${collector.env['OTEL_EXPORTER_OTLP_ENDPOINT']}/v1/traces`;
  const sampler = { name: 'always_on', ratio: 1 } as const;
  const who = { service: 'ai-jobs-api', version: 'test', instance: 'one', serviceName: undefined, log: { warn() {} } };
  const batch = { scheduledDelayMillis: 5000, exportTimeoutMillis: 30_000, maxQueueSize: 100, maxExportBatchSize: 20 };
  const tracer = await OpenTelemetryTracer.open({ url, protocol: 'http/json', sampler, batch, ...who });
  for (let n = 0; n < 500; n++) tracer.begin({ name: 'send', kind: 'producer' }).end();
  await tracer.close();
  expect(collector.spans.length).toBeLessThanOrEqual(100 + 20);
  expect(collector.spans.length).toBeGreaterThan(0);
});

test('a run that another worker resumes is part of the same trace', async () => {
  const trace = 'c'.repeat(32);
  const collector = await startCollector(JSON_ENV);
  const openai = await startOpenAI((pen, call, n) =>
    n === 1 ? endless(call, (row) => row === 0 && pen.text('{"flashcards":[')) : answerWith()(pen, call, n),
  );
  const soon = { WORKER_STALLED_INTERVAL_MS: '500' };
  const stack = await startStack({ ...collector.env, ...openai.env, ...soon });
  const lost = await stack.startWorker();
  const job = await stack.submit({ ...NOTES, count: 2 }, { traceparent: `00-${trace}-${'d'.repeat(16)}-01` });
  await expect.poll(() => openai.calls.length).toBe(1);
  await lost.stop('SIGKILL');
  const worker = await stack.startWorker();
  expect(await (await stack.watch(job)).until(isEnd)).toMatchObject({ event: 'completed' });
  await worker.stop('SIGTERM');
  await stack.api.stop('SIGTERM');
  const send = collector.spans.find(({ name }) => name === 'send generate-flashcards');
  const run = collector.spans.find(({ name }) => name === 'process generate-flashcards');
  expect(run).toMatchObject({ traceId: trace, parent: send?.spanId, attributes: { 'ai_jobs.attempt': 2, 'ai_jobs.outcome': 'completed' } });
});
