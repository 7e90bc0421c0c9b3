/** What a request costs Redis: every command that touches a test's own keys, those inside scripts among them. */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { inject, onTestFinished } from 'vitest';
import type { RedisClient } from '../../src/store/redis-client.ts';

/** Runs some work and tells the commands that touched keys under a prefix meanwhile, as MONITOR prints them. */
export type Counter = <T>(work: () => Promise<T>) => Promise<{ result: T; commands: string[] }>;

/** Starts to listen with MONITOR, on a connection of its own that stops with the test. `redis`: any connection to the same store. */
export async function countCommands(redis: RedisClient, prefix: string): Promise<Counter> {
  const { hostname, port } = new URL(inject('redisUrl'));
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let seen: string[] = [];
  let onLine: (line: string) => void = () => {};
  createInterface(socket).on('line', (line) => {
    onLine(line);
    if (line.includes(prefix) && !line.includes(MARKER)) seen.push(line);
  });
  const shown = (text: string): Promise<void> =>
    new Promise((resolve) => {
      onLine = (line) => line.includes(text) && resolve();
    });
  socket.write('MONITOR\r\n');
  await shown('OK');

  let markers = 0;
  /** Resolves once everything up to now has been shown. */
  const settle = async (): Promise<void> => {
    const marker = `${prefix}:${MARKER}:${markers++}:`;
    const there = shown(marker);
    await redis.exists(marker);
    await there;
  };
  return async (work) => {
    await settle();
    seen = [];
    const result = await work();
    await settle();
    return { result, commands: seen };
  };
}

const MARKER = 'marker-of-test';
