/** The start of a worker: that it counts as one of its own, whatever it is called. */
import { expect, test } from 'vitest';
import { startStack } from '../support/stack-in-process.ts';

test('two workers with the same host name and process id count as two, as containers on the network of their host have them', async () => {
  const stack = await startStack();
  const workers = [await stack.startWorker(), await stack.startWorker()];
  const names = await Promise.all(workers.map(async ({ url }) => ((await (await fetch(`${url}/health`)).json()) as { name: string }).name));
  expect(new Set(names).size).toBe(1);
  await expect.poll(() => stack.get('/api/queue/stats')).toMatchObject({ workers: 2 });
});
