/** Connections: a command that serves a request fails where Redis is silent, and only there; a server that is no master any more is left once. */
import { spawnSync } from 'node:child_process';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connect, readyWithin } from '../../src/store/redis-connection.ts';
import { ownRedis } from '../support/redis.ts';
import { newPrefix } from '../support/stack.ts';
import { WAIT_MS } from '../support/waits.ts';

test('a reply that came while the process was busy counts, though its time was over before it was read', async () => {
  const redis = connect(inject('redisUrl').replace(/\?.*/, ''), 'fail', () => {}); // with the patience of a deployment
  onTestFinished(() => redis.disconnect());
  await readyWithin(redis, WAIT_MS);
  const replies = Promise.all([redis.ping(), redis.pipeline().ping().exec()]);
  process.nextTick(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)); // the commands are written, and nothing is read
  expect(await replies).toEqual(['PONG', [[null, 'PONG']]]);
});

test('a time for commands in the address that is no number is as if it were not there', async () => {
  const address = new URL(inject('redisUrl'));
  address.searchParams.set('commandTimeout', 'soon');
  const redis = connect(address.href, 'fail', () => {});
  onTestFinished(() => redis.disconnect());
  await readyWithin(redis, WAIT_MS);
  expect(await redis.call('BLPOP', `${newPrefix()}:nothing`, '0.1')).toBeNull(); // it answers after 100 ms
});

test.runIf(spawnSync('redis-server', ['--version']).status === 0)(
  'many commands that a demoted server refuses at once close the connection once, and are sent again',
  async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error) => void warnings.push(message);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const server = await ownRedis();
    let refused = 0;
    const redis = connect(server.url, 'wait', () => refused++);
    onTestFinished(() => redis.disconnect());
    await readyWithin(redis, WAIT_MS);
    await server.command('REPLICAOF', '127.0.0.1', 1);
    const written = Promise.all(Array.from({ length: 20 }, (_, n) => redis.set(`key-${n}`, n)));
    await expect.poll(() => refused).toBeGreaterThanOrEqual(20);
    await server.command('REPLICAOF', 'NO', 'ONE');
    expect(await written).toEqual(Array(20).fill('OK'));
    expect(warnings).toEqual([]);
  },
);
