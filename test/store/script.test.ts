/** Scripts from files: names, not positions, and a head that must agree with its caller. */
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { type Constants, defineBatchScript, defineScript } from '../../src/store/script.ts';
import { openQueue } from '../support/queue.ts';

/** A script of the jobs' folder. */
const fileOf = (name: string) => new URL(`../../src/jobs/scripts/${name}.lua`, import.meta.url);

test('a script takes its keys and arguments by name', async () => {
  const { redis, keys } = await openQueue();
  const register = defineScript(redis, fileOf('register_worker'), { keys: ['workers', 'seen'], args: ['id', 'description', 'keptMs'] });
  await register({ keptMs: 5000, description: 'd', id: 'i', seen: keys.workersSeen, workers: keys.workers });
  expect(await redis.hgetall(keys.workers)).toEqual({ i: 'd' });
});

test.each<[string, string[], string[]]>([
  ['a key less', ['workers'], ['id', 'description', 'keptMs']],
  ['another order', ['workers', 'seen'], ['description', 'id', 'keptMs']],
  ['another name', ['workers', 'seen'], ['id', 'description', 'kept']],
])('a caller with %s is refused when the script is loaded', async (_, keys, args) => {
  const { redis } = await openQueue();
  expect(() => defineScript(redis, fileOf('register_worker'), { keys, args })).toThrow('scripts/register_worker.lua has the');
});

test('every script begins with a head that names KEYS, ARGV and what it returns', async () => {
  const { redis } = await openQueue();
  const root = new URL('../../', import.meta.url);
  const files = globSync('{src,worker}/**/scripts/*.lua', { cwd: root });
  expect(files.length).toBeGreaterThan(30);
  for (const file of files) {
    // Loaded with other names, each must get as far as comparing them.
    expect(() => defineScript(redis, new URL(file, root), { keys: ['no'], args: [] })).toThrow('and its caller no');
  }
  // A script is a command of its connection, by its name.
  expect(new Set(files.map((file) => basename(file))).size).toBe(files.length);
});

/** A folder of scripts, by file name; it goes with the test. */
function scriptsOf(files: Record<string, string>): URL {
  const folder = mkdtempSync(join(tmpdir(), 'scripts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'include'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return pathToFileURL(`${folder}/`);
}

const headOf = (keys: string, args: string) => `--[[\nDoes it.\nKEYS: ${keys}\nARGV: ${args}\nReturns: something\n]]\n`;

test('a script reads its arguments as its head says, and has the parts that it includes and the names of our fields', async () => {
  const { redis, keys } = await openQueue();
  const folder = scriptsOf({
    'all.lua': `${headOf('job', 'text, count:number, ...')}--include sum\nreturn { job, text, sum(count, rest), FIELDS.end, unpack(ARGV, rest) }\n`,
    'include/sum.lua': 'local function sum(a, b) return a + b end\n',
  });
  const all = defineScript(redis, new URL('all.lua', folder), { keys: ['job'], args: ['text', 'count'] });
  const job = keys.job('j');
  expect(await all({ count: 2, job, text: '7' }, ['x', 'y'])).toEqual([job, '7', 5, 'ai:end', 'x', 'y']);
  expect(await all({ count: 2, job, text: '7' })).toEqual([job, '7', 5, 'ai:end']);
});

test('a script serves several entries in one call, each with its own keys and arguments by name', async () => {
  const { redis, keys } = await openQueue();
  const head = (each: string) => headOf('job', 'text, count:number').replace('Returns:', `${each}\nReturns:`);
  const folder = scriptsOf({
    'batch.lua': `${head('EACH KEYS: logs, lock\nEACH ARGV: id, n:number')}local found = { job, text, count }\n--each\n  found[#found + 1] = { entry, logs, lock, id, n + 1 }\nend\nreturn found\n`,
  });
  const signature = { keys: ['job'], args: ['text', 'count'], eachKeys: ['logs', 'lock'], eachArgs: ['id', 'n'] } as const;
  const batch = defineBatchScript(redis, new URL('batch.lua', folder), signature);
  const [job, first, second] = [keys.job('j'), keys.logs('a'), keys.logs('b')];
  const entryOf = (logs: string, id: string, n: number) => ({ n, id, lock: `${logs}:lock`, logs });
  const shared = { count: 7, text: 't', job };
  expect(await batch(shared, [])).toEqual([job, 't', 7]);
  expect(await batch(shared, [entryOf(first, 'a', 1), entryOf(second, 'b', 2)])).toEqual([
    job,
    't',
    7,
    [1, first, `${first}:lock`, 'a', 2],
    [2, second, `${second}:lock`, 'b', 3],
  ]);
  expect(() => defineBatchScript(redis, new URL('batch.lua', folder), { ...signature, eachArgs: ['n', 'id'] })).toThrow(
    'has the EACH ARGV id, n',
  );
});

test('what a script is loaded with is in its text, whatever signs it has', async () => {
  const { redis, keys } = await openQueue();
  const each = 'EACH KEYS:\nEACH ARGV: id\nReturns:';
  const head = headOf('job', '').replace('KEYS:', 'CONSTANTS: text, limit\nKEYS:').replace('Returns:', each);
  const folder = scriptsOf({
    'constants.lua': `${head}local found = { text, limit }\n--each\n  found[#found + 1] = id\nend\nreturn found\n`,
  });
  const signature = { keys: ['job'], args: [], eachKeys: [], eachArgs: ['id'] } as const;
  const load = (constants: Constants) => defineBatchScript(redis, new URL('constants.lua', folder), { ...signature, constants });
  const text = 'it\'s "Übung" \\n\n\0 ]]';
  expect(await load({ text, limit: 1e9 })({ job: keys.job('j') }, [{ id: 'a' }])).toEqual([text, 1e9, 'a']);
  expect(() => load({ limit: 1, text })).toThrow('has the CONSTANTS text, limit');
});

test.each<[string, string, string]>([
  ['without a head', 'return 1\n', 'does not begin with a head'],
  ['whose head does not say what it returns', '--[[\nDoes it.\nKEYS: a\nARGV: b\n]]\nreturn 1\n', 'does not begin with a head'],
  ['whose head asks for another type than a number', headOf('a', 'b:int'), 'has a head with the name b:int'],
  ['whose head goes on after its `...`', headOf('a', '..., b'), 'has a head with the name ...'],
  ['whose head has a name twice', headOf('a', 'b, a'), 'has a head with the name a'],
  ['that includes a part that is not there', `${headOf('a', 'b')}--include nothing\n`, 'includes nothing'],
  ['that uses a field that is not there', `${headOf('a', 'b')}return FIELDS.ended\n`, 'uses FIELDS.ended'],
])('a script %s is refused when it is loaded', async (_, text, message) => {
  const { redis } = await openQueue();
  const folder = scriptsOf({ 'wrong.lua': text });
  expect(() => defineScript(redis, new URL('wrong.lua', folder), { keys: ['a'], args: ['b'] })).toThrow(message);
});

test('a script that is not there is refused by its name', async () => {
  const { redis } = await openQueue();
  expect(() => defineScript(redis, fileOf('nowhere'), { keys: [], args: [] })).toThrow('scripts/nowhere.lua is not there');
});
