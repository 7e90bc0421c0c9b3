/** Heads of scripts and the architecture page say who writes which field of a job's record. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { FIELDS } from '../../src/job/record.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const find = (pattern: string) => globSync(pattern, { cwd: ROOT }).toSorted();
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const sorted = (names: Iterable<string>) => [...new Set(names)].toSorted();

/** What stands between a call's parentheses, by its commas. `start`: behind the opening one. */
function argumentsAt(text: string, start: number): string[] {
  const found = [''];
  for (let at = start, depth = 0, quoted = false; at < text.length; at++) {
    const sign = text.charAt(at);
    if (sign === "'") quoted = !quoted;
    if (!quoted && '([{'.includes(sign)) depth++;
    if (!quoted && ')]}'.includes(sign) && depth-- === 0) break;
    if (!quoted && depth === 0 && sign === ',') found.push('');
    else found.push((found.pop() ?? '') + sign);
  }
  return found.map((each) => each.trim());
}

/** A field's name, from `'name'` or `FIELDS.name`. Undefined for names that the caller gives. */
const fieldNamed = (argument: string) => /^'(.+)'$/.exec(argument)?.[1] ?? /^FIELDS\.(\w+)$/.exec(argument)?.[1];

/**
 * The fields of a job's record that a script sets or deletes.
 * In our scripts the record's key is `job`, or begins with `jobs`.
 */
function writtenBy(lua: string): string[] {
  const calls = [...lua.matchAll(/redis\.p?call\('(HSET|HSETNX|HDEL|HINCRBY|HMSET)',/g)];
  return sorted(
    calls.flatMap(({ 0: call, 1: command, index }) => {
      const [key = '', ...rest] = argumentsAt(lua, index + call.length);
      if (!/^jobs?\b/.test(key)) return [];
      const names = command === 'HDEL' ? rest : rest.filter((_, n) => n % 2 === 0);
      return (command === 'HSET' || command === 'HDEL' ? names : names.slice(0, 1)).flatMap((name) => fieldNamed(name) ?? []);
    }),
  );
}

/** The fields that a script's head says it writes. */
function declaredIn(lua: string): string[] {
  const [, names = ''] = /^--\[\[\n(?:[\s\S]*?)\nWrites: ([^\]]*)\n\]\]\n/.exec(lua) ?? [];
  return sorted(names.split(/,\s*/).filter((name) => name !== ''));
}

/** The fields that TypeScript code writes: as keys of an object, or by a command of ioredis. */
function givenBy(code: string): string[] {
  const lines = code.split('\n').filter((line) => !/^\s*(const|let) \{/.test(line)); // those take fields out of what was read
  const text = lines.join('\n');
  const keys = [...text.matchAll(/\[FIELDS\.(\w+)\]: /g)].map(([, name = '']) => name);
  const commands = [...text.matchAll(/\b(?:hset|hsetnx|hdel|hincrby|add)\(/g)].flatMap(({ 0: call, index }) =>
    argumentsAt(text, index + call.length).flatMap((argument) => /^FIELDS\.(\w+)$/.exec(argument)?.[1] ?? []),
  );
  const own = keys.length > 0 ? [...text.matchAll(/^\s+(progress): JSON/gm)].map(([, name = '']) => name) : []; // BullMQ's name for it
  return sorted([...keys, ...commands, ...own]);
}

const scripts = new Map(find('{src,worker}/**/*.lua').map((file) => [file, read(file)]));
const sources = new Map(
  find('{src,worker}/**/*.ts')
    .filter((file) => file !== 'src/job/record.ts')
    .map((file) => [file, read(file)]),
);

test('the head of each script names the fields of a job that it writes, and no others', () => {
  const wrong = [...scripts]
    .filter(([file]) => !file.includes('/include/'))
    .filter(([, lua]) => declaredIn(lua).join() !== writtenBy(lua).join());
  expect(wrong.map(([file, lua]) => ({ file, head: declaredIn(lua), script: writtenBy(lua) }))).toEqual([]);
});

test('what scripts include writes no field of a job', () => {
  expect([...scripts].filter(([file, lua]) => file.includes('/include/') && writtenBy(lua).length > 0).map(([file]) => file)).toEqual([]);
});

test('each command by which code writes a hash is to a field of a job that is told, or to another hash', () => {
  const others = new Set([
    'src/archive/outbox.ts',
    'src/jobs/bulk-actions.ts',
    'src/jobs/chats.ts',
    'src/notifications/webhook-secrets.ts',
    'src/notifications/webhook-endpoints.ts',
    'src/jobs/erase-jobs.ts',
  ]);
  const writing = [...sources].filter(([, code]) => /\.(hset|hsetnx|hdel|hincrby|hmset)\(/.test(code));
  expect(writing.filter(([file, code]) => givenBy(code).length === 0 && !others.has(file)).map(([file]) => file)).toEqual([]);
});

/** The table of the architecture page: each field, with the files that write it. */
function tableOf(page: string): Record<string, string[]> {
  const [, section = ''] = page.split('\n### Who writes which field of a job\n');
  const rows =
    section
      .split('\n## ')[0]
      ?.split('\n')
      .filter((line) => line.startsWith('| `')) ?? [];
  return Object.fromEntries(
    rows.map((row) => {
      const [, field = '', ...cells] = row.split('|');
      const files = [...cells.join('|').matchAll(/`([\w-]+\/[\w/-]+\.(?:ts|lua))`/g)].map(([, file = '']) => file);
      return [field.replaceAll('`', '').trim(), sorted(files)];
    }),
  );
}

test('the architecture page says of each field which scripts and functions write it', () => {
  const writers: Record<string, string[]> = {};
  for (const [file, text] of [...scripts, ...sources]) {
    for (const name of file.endsWith('.lua') ? writtenBy(text) : givenBy(text)) (writers[name] ??= []).push(file);
  }
  for (const files of Object.values(writers)) files.sort();
  expect(Object.keys(FIELDS).filter((name) => !writers[name])).toEqual([]);
  expect(tableOf(read('docs/architecture.md'))).toEqual(writers);
});
