/** What KEDA reads of the API is there, says what it is to say, and is what the handbook says. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readManifest } from '../support/deployed.ts';
import { startStack } from '../support/stack-in-process.ts';

type Trigger = { type: string; metricType: string; metadata: Record<string, string> };

const [{ spec } = {}] = readManifest('keda.yaml');
const triggers = spec.triggers as Trigger[];

test('KEDA finds numbers at their places in the statistics, under the address of the Service', async () => {
  const service = readManifest('api.yaml').find(({ kind }) => kind === 'Service');
  const urls = triggers.map(({ metadata }) => new URL(metadata['url'] ?? ''));
  for (const { hostname } of urls) expect([hostname, service?.['spec'].ports[0].port]).toEqual([service?.['metadata'].name, 80]);
  const stack = await startStack();
  const read = async () => {
    const values = triggers.map(async ({ metadata }, n) => (await stack.get(urls[n]?.pathname ?? ''))[metadata['valueLocation'] ?? '']);
    return Promise.all(values);
  };
  const isExceeded = async () => (await read()).map((value, n) => value > Number(triggers[n]?.metadata['targetValue']));
  expect(await read()).toEqual([0, 0]);
  for (let n = 0; n < 7; n++) await stack.submit({ content: `Notes ${n}.` }); // 5 s each, while none has run
  await expect.poll(isExceeded).toEqual([true, true]);
});

test('the triggers are those of the handbook', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/handbook/autoscaling.md'), 'utf8');
  const block = /\n## KEDA\n[^]*?```yaml\n([^]*?)```/.exec(page)?.[1] ?? '';
  expect(parse(block)).toEqual({ triggers });
});
