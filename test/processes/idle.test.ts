/** What an API and a worker send to Redis while there is nothing to do: hosts bill by the command. */
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { ownRedis } from '../support/redis.ts';
import { startStack } from '../support/stack.ts';
import { within } from '../support/waits.ts';

/**
 * Commands a second. Without lanes there were 9.1, and lanes may cost half of that; measured are 12.8.
 * A machine that is busy sends fewer of them, never more.
 */
const MOST = 13.7;

/** How often the worker looks into the queue that all kinds share, once a second, until its start is over, and until enough was seen. */
const LOOKS = { before: 8, until: 38 };

test('an API and a worker without work send few commands', async () => {
  const { url } = await ownRedis('saves');
  const stack = await startStack({ REDIS_URL: url, LANES: 'auto' });
  await stack.startWorker();
  const monitor = await new Redis(url).monitor();
  onTestFinished(() => monitor.disconnect());
  const marker = `${stack.prefix}:ai-jobs:marker`;
  const looks: number[] = [];
  const sent: string[] = [];
  const seen = Promise.withResolvers<void>();
  monitor.on('monitor', (time: string, [command = '', key]: string[], source: string) => {
    if (source === 'lua') return;
    if (command.toLowerCase() === 'bzpopmin' && key === marker && looks.push(Number(time)) > LOOKS.until) seen.resolve();
    if (looks.length > LOOKS.before) sent.push(command);
  });
  await within(seen.promise, 'an idle time', () => looks.length);
  const seconds = (looks[LOOKS.until] ?? 0) - (looks[LOOKS.before] ?? 0);
  const commands = Object.entries(Object.groupBy(sent, (command) => command)).map(([command, all = []]) => `${all.length} ${command}`);
  expect(sent.length / seconds, commands.join()).toBeLessThan(MOST);
});
