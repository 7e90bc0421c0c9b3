/** What REDIS_URL may be, and what is said of one that can't be read. */
import { expect, test } from 'vitest';
import { readStoreAddress } from '../../src/store/store-address.ts';

test('a single server is left as it is, for ioredis to read', () => {
  const url = 'rediss://app:secret@store.example:6380/2?commandTimeout=300';
  expect(readStoreAddress(url)).toEqual({ type: 'single', url });
});

test('sentinels: hosts with and without ports, who logs in where, the master, its database', () => {
  const url =
    'rediss+sentinel://app:p%40ss@one:26380,two,[fd00::3]:26379/the-master/3?sentinelUsername=watch&sentinelPassword=s%3Dp&natMap=10.0.0.1:6379=127.0.0.1:7001,10.0.0.2:6379=[::1]:7002&commandTimeout=900';
  expect(readStoreAddress(url)).toEqual({
    type: 'sentinel',
    hosts: [
      { host: 'one', port: 26_380 },
      { host: 'two', port: 26_379 },
      { host: 'fd00::3', port: 26_379 },
    ],
    login: { username: 'app', password: 'p@ss' },
    sentinelLogin: { username: 'watch', password: 's=p' },
    tls: true,
    natMap: { '10.0.0.1:6379': { host: '127.0.0.1', port: 7001 }, '10.0.0.2:6379': { host: '::1', port: 7002 } },
    commandTimeoutMs: 900,
    name: 'the-master',
    db: 3,
  });
});

test.each([
  ['redis+sentinel://one/m', {}],
  ['redis+sentinel://:pw@one/m', { password: 'pw' }],
  ['redis+sentinel://app@one/m', { username: 'app' }],
  ['redis+sentinel://app:a:b@c@one/m', { username: 'app', password: 'a:b@c' }],
  ['redis+sentinel://app:100%@one/m', { username: 'app', password: '100%' }],
])('who logs in by %s', (url, login) => {
  expect(readStoreAddress(url)).toMatchObject({ login, tls: false, db: 0, hosts: [{ host: 'one', port: 26_379 }], natMap: {} });
});

test.each(['redis+cluster://a:7001,b', 'redis+cluster://a:7001,b/', 'redis+cluster://a:7001,b/0'])('a cluster by %s', (url) => {
  expect(readStoreAddress(url)).toEqual({
    type: 'cluster',
    hosts: [
      { host: 'a', port: 7001 },
      { host: 'b', port: 6379 },
    ],
    login: {},
    tls: false,
    natMap: {},
  });
});

test.each([
  ['http://one', 'must be redis://'],
  ['redis+sentinels://one/m', 'must be redis://'],
  ['redis+sentinel://one', "needs the master's name"],
  ['redis+sentinel://one/m/x', 'needs a number as its database'],
  ['redis+sentinel://one/m/0/1', 'needs a number as its database'],
  ['redis+sentinel://one,/m', 'no HOST:PORT'],
  ['redis+sentinel:///m', 'no HOST:PORT'],
  ['redis+sentinel://one:99999/m', 'no HOST:PORT'],
  ['redis+sentinel://fd00::1/m', 'no HOST:PORT'],
  ['redis+sentinel://one/m?password=secret', '?password='],
  ['redis+cluster://one/1', 'only database 0'],
  ['redis+cluster://one?natMap=a=b=c', 'natMap'],
  ['redis+cluster://one?natMap=a', 'natMap'],
])('%s is refused, and the message has no secret', (url, message) => {
  expect(() => readStoreAddress(url)).toThrow(message);
  expect(() => readStoreAddress(url)).not.toThrow('secret');
});
