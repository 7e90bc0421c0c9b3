/** Tests that web pages of other origins may do all that the routes offer. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ALLOWED } from '../../src/http/cors.ts';
import { startStack } from '../support/stack-in-process.ts';

/** Headers that browsers send by themselves, or that are no page's to send. */
const NOT_A_PAGES = new Set(['origin', 'host', 'accept', 'content-length', 'transfer-encoding', 'x-forwarded-for']);

test('a page may send every header that a route reads', () => {
  const folder = new URL('../../src/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /^(http|identity)\/.*\.ts$/.test(name));
  const read = files.flatMap((name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    return [...text.matchAll(/(?:\bheader|headerOf|moment)\('([\w-]+)'\)/g)].map(([, header = '']) => header.toLowerCase());
  });
  expect(read).toContain('start-within');
  const allowed = new Set(ALLOWED.map((name) => name.toLowerCase()));
  expect([...new Set(read)].filter((name) => !allowed.has(name) && !NOT_A_PAGES.has(name))).toEqual([]);
});

test('the answer to a preflight names the methods of the routes', async () => {
  const stack = await startStack();
  const preflight = await fetch(`${stack.url}/api/jobs/x`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'DELETE' },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-methods')?.split(',').toSorted()).toEqual(['DELETE', 'GET', 'POST']);
  expect(preflight.headers.get('access-control-allow-headers')).toContain('Start-Within');
});
