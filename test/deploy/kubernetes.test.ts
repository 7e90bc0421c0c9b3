/** What KEDA reads of the API is there. */
import { expect, test } from 'vitest';
import { readManifest } from '../support/deployed.ts';
import { startStack } from '../support/stack-in-process.ts';

test('KEDA finds a number at its place in the statistics, under the address of the Service', async () => {
  const [{ spec } = {}] = readManifest('keda.yaml');
  const { url, valueLocation } = spec.triggers[0].metadata;
  const service = readManifest('api.yaml').find(({ kind }) => kind === 'Service');
  expect([new URL(url).hostname, service?.['spec'].ports[0].port]).toEqual([service?.['metadata'].name, 80]);
  const stack = await startStack();
  const stats = await stack.get(new URL(url).pathname);
  expect(stats[valueLocation]).toBe(0);
  await stack.submit();
  expect((await stack.get(new URL(url).pathname))[valueLocation]).toBe(1);
});
