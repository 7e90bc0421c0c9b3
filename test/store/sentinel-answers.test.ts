/** Who is the master by what sentinels say, and what an operator is told where none of them knows. */
import { expect, test } from 'vitest';
import {
  chooseMaster,
  isBelow,
  isHeard,
  isLeaving,
  readFailure,
  readMaster,
  type SentinelAnswer,
  whyNone,
} from '../../src/store/sentinel-answers.ts';

const names = (port: number, epoch: number, isLeaving = false): SentinelAnswer => ({
  type: 'master',
  master: { host: 'redis', port, epoch, isLeaving },
});
const silent: SentinelAnswer = { type: 'none' };
const fails = (message: string) => readFailure(new Error(message));

test('the address is that of the promoted server, also where the facts still name the old one', () => {
  const facts = ['name', 'main', 'ip', 'old', 'port', '6379', 'flags', 'master', 'config-epoch', '7', 'quorum', '2'];
  expect(readMaster(facts, ['new', '6380'])).toEqual({ type: 'master', master: { host: 'new', port: 6380, epoch: 7, isLeaving: false } });
  expect(readMaster(facts, null)).toMatchObject({ type: 'failure' });
  expect(readMaster('OK', ['new', '6380'])).toMatchObject({ type: 'failure' });
});

test('the highest epoch wins, whoever says it', () => {
  expect(chooseMaster([names(1, 4), names(2, 5), names(1, 4)])).toMatchObject({ port: 2, epoch: 5 });
  expect(chooseMaster([silent, fails('gone')])).toBeUndefined();
});

test('a master that is known stays until a higher epoch is heard of', () => {
  const known = { host: 'redis', port: 2, epoch: 5, isLeaving: false };
  expect(chooseMaster([names(1, 4), names(1, 4), fails('gone')], known)).toBe(known);
  expect(chooseMaster([fails('gone'), fails('gone')], known)).toBe(known);
  expect(chooseMaster([names(3, 5), names(2, 5)], known)).toBe(known);
  expect(chooseMaster([names(3, 6), names(2, 5)], known)).toMatchObject({ port: 3, epoch: 6 });
});

test('a master is left while a sentinel replaces it, and until that one names another', () => {
  const known = { host: 'redis', port: 2, epoch: 5, isLeaving: false };
  expect(isLeaving([names(2, 5), names(2, 5, true), names(2, 5)], known)).toBe(true);
  expect(isLeaving([names(2, 5), names(3, 6, true), names(2, 5)], known)).toBe(false);
  const facts = ['flags', 'master,failover_in_progress', 'config-epoch', '7'];
  expect(readMaster(facts, ['old', '6379'])).toMatchObject({ master: { isLeaving: true } });
});

test('it is doubted where most sentinels count from a lower epoch, and none from its own', () => {
  const known = { host: 'redis', port: 2, epoch: 5, isLeaving: false };
  expect(isBelow([names(1, 0), names(1, 0), fails('gone')], known)).toBe(true);
  expect(isBelow([names(1, 0), fails('gone'), fails('gone')], known)).toBe(false);
  expect(isBelow([names(1, 0), names(1, 0), names(2, 5)], known)).toBe(false);
});

test('nobody is followed before most sentinels have answered, or all that there are', () => {
  expect(isHeard([names(1, 4), silent, silent])).toBe(false);
  expect(isHeard([names(1, 4), names(1, 4), silent])).toBe(true);
  expect(isHeard([names(1, 4), fails('gone'), fails('gone')])).toBe(true);
  expect(isHeard([fails('gone'), fails('gone')])).toBe(false);
});

test('one sentence says why nobody knows the master, beginning with what an operator can mend', () => {
  expect(whyNone([fails('gone'), silent], 'main')).toBeUndefined();
  expect(whyNone([fails('gone'), names(1, 1)], 'main')).toBeUndefined();
  expect(whyNone([fails('connect ECONNREFUSED 127.0.0.1:9'), fails('WRONGPASS invalid')], 'main')?.sentence).toContain('sentinelPassword');
  expect(whyNone([fails('NOAUTH Authentication required.')], 'main')?.sentence).toContain('sentinelPassword');
  expect(whyNone([fails('ERR No such master with that name')], 'main')?.sentence).toContain('"main"');
  expect(whyNone([fails("ERR unknown command 'SENTINEL'")], 'main')?.sentence).toContain('is no sentinel');
  expect(whyNone([fails('connect ECONNREFUSED 127.0.0.1:9')], 'main')?.sentence).toContain('ECONNREFUSED 127.0.0.1:9');
});
