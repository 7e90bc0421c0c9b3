/** Moments that processes share are Redis': the linter finds where a process' own clock is asked, and what may ask it is listed with its reason. */
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { complaintsOf } from '../support/lint.ts';

const RULE = 'no-restricted-properties';

test('the own clock fails the check, wherever and however it is asked', () => {
  const text = ['export const a = Date.now();', 'export const { now } = Date;', "export const b = Date['now']();"].join('\n');
  const files = [
    'src/store',
    'src/jobs',
    'src/ends',
    'src/jobs/deep',
    'src/archive',
    'src/files',
    'src/http/routes',
    'src/notifications',
    'src/stream',
    'src',
    'worker',
    'worker/run',
  ]
    .map((folder) => `${folder}/anything.ts`)
    .concat('worker/vendors/anything.ts', 'src/store/keys.ts', 'worker/run/settle.ts');
  const complaints = complaintsOf(Object.fromEntries(files.map((file) => [file, text])), RULE);
  expect([...complaints].toSorted()).toEqual(files.flatMap((file) => [1, 2, 3].map((line) => `${file}:${line}`)).toSorted());
});

test('what is signed for others, and the clock itself, may ask it', () => {
  const files = [
    'src/store/clock.ts',
    'src/store/redis-time-backend.ts',
    'src/notifications/webhook-message.ts',
    'src/http/stream-token.ts',
  ];
  expect([...complaintsOf(Object.fromEntries(files.map((file) => [file, 'export const a = Date.now();'])), RULE)]).toEqual([]);
});

test('no source asks it by a date without a moment, but for a signature', () => {
  const root = resolve(import.meta.dirname, '../..');
  const sources = globSync(['src/**/*.ts', 'worker/**/*.ts'], { cwd: root });
  expect(sources.length).toBeGreaterThan(100);
  const asking = sources.filter((file) => /\bnew Date\(\s*\)|(?<!new )\bDate\(\s*\)/.test(readFileSync(resolve(root, file), 'utf8')));
  expect(asking).toEqual(['worker/vendors/polly.ts']);
});
