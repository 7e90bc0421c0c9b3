/** The document, the page to read it and the pages about problems: what browsers and programs get, and what they may keep. */
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { CONTRACT_VERSION } from '../../client/src/kinds.ts';
import { type ProblemCode, problems } from '../../src/job/problem.ts';
import { startProcess } from '../support/stack.ts';
import { startStack } from '../support/stack-in-process.ts';

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

/** The page has a policy that forbids what is not of this origin, and nothing in it that the policy forbids. */
async function checkPage(response: Response): Promise<string> {
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': expect.stringMatching(/^default-src 'self'; img-src 'self' data:;/),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  expect(response.headers.get('content-security-policy')).not.toMatch(/unsafe|\*|https?:/);
  const html = await response.text();
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc="\/)|<script[^>]*>[^<]|(src|href)="(?!\/)/);
  return html;
}

test('the page for reading has no script or style inside, and all files that it names are there and may be kept', async () => {
  const { url } = await startStack();
  const html = await checkPage(await fetch(`${url}/docs`, { headers: HTML }));
  const files = [...html.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(files.map((path) => path.replace(/\?.*/, '')).toSorted()).toEqual([
    '/docs/favicon-32x32.png',
    '/docs/start.js',
    '/docs/swagger-ui-bundle.js',
    '/docs/swagger-ui.css',
    '/docs/theme.js',
  ]);
  const types: Record<string, string> = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', png: 'image/png' };
  for (const path of [...files, '/docs/page.css']) {
    const response = await fetch(url + path);
    const bytes = await response.arrayBuffer();
    expect([path, response.status, response.headers.get('content-type')]).toEqual([
      path,
      200,
      types[path.replace(/\?.*/, '').split('.').at(-1) ?? ''],
    ]);
    expect(response.headers.get('cache-control')).toMatch(/^public, max-age=\d{6,}$/);
    expect([path, response.headers.get('content-length')]).toEqual([path, String(bytes.byteLength)]);
    expect(bytes.byteLength).toBeGreaterThan(100);
  }
  expect(await (await fetch(`${url}/docs/start.js`)).text()).toContain("url: '/openapi.json'");
});

test('no other file can be read through the page', async () => {
  const { url } = await startStack();
  for (const name of [
    'package.json',
    'index.html',
    'swagger-ui.js',
    '..%2fpackage.json',
    '%2e%2e%2f%2e%2e%2fpackage.json',
    '%00',
    'x'.repeat(5000),
  ])
    expect([name, (await fetch(`${url}/docs/${name}`)).status]).toEqual([name, 404]);
});

test('the document has a tag, and is not sent again to who has it', async () => {
  const { url } = await startStack();
  const first = await fetch(`${url}/openapi.json`);
  const tag = first.headers.get('etag') ?? '';
  expect([first.headers.get('content-type'), first.headers.get('cache-control'), tag]).toEqual([
    'application/json',
    'private, no-cache',
    expect.stringMatching(/^".+"$/),
  ]);
  const again = await fetch(`${url}/openapi.json`, { headers: { 'if-none-match': tag } });
  expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, tag, '']);
  expect((await fetch(`${url}/openapi.json`, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  expect(await first.json()).toMatchObject({ openapi: expect.stringMatching(/^3\.1\./), servers: [{ url: '/' }] });
});

test('every problem leads to a page for people and to JSON for programs, which say what to do', async () => {
  const { url } = await startStack();
  for (const code of Object.keys(problems) as ProblemCode[]) {
    const { status, title, retryable } = problems[code];
    const response = await fetch(`${url}/problems/${code}`);
    expect(response.headers.get('vary')).toContain('Accept');
    const meaning = (await response.json()) as Record<string, unknown>;
    expect(meaning).toEqual({ code, status, title, retryable, detail: expect.stringMatching(/^[^\n]{30,400}\.$/) });
    const html = await checkPage(await fetch(`${url}/problems/${code}`, { headers: HTML }));
    expect([code, html]).toEqual([code, expect.stringContaining(`<code>${code}</code>`)]);
    expect(html).not.toContain('`');
  }
});

test('the type of a problem that is answered leads to its page; a code that does not exist is a 404', async () => {
  const { url } = await startStack();
  const problem = (await (await fetch(`${url}/nothing`)).json()) as Record<string, string>;
  expect(await (await fetch(url + problem['type'])).json()).toMatchObject({ code: problem['code'], title: problem['title'] });
  for (const code of ['unknown', 'toString', '__proto__', '%3Cscript%3E']) {
    const response = await fetch(`${url}/problems/${code}`, { headers: HTML });
    expect([code, response.status, await response.json()]).toEqual([code, 404, expect.objectContaining({ code: 'not_found' })]);
  }
});

test('where only some origins may call, a cache keeps the two forms of a problem apart, and origins, too', async () => {
  const { url } = await startStack({ CORS_ORIGINS: 'https://app.example' });
  for (const headers of [HTML, {}]) {
    const { headers: got } = await fetch(`${url}/problems/cancelled`, { headers });
    expect(got.get('vary')?.split(', ').toSorted()).toEqual(['Accept', 'Origin']);
  }
});

test('the health of the process, the document and the client name one version of the contract', async () => {
  const { url } = await startStack();
  const read = async (path: string) => (await (await fetch(url + path)).json()) as Record<string, any>;
  const { contractVersion } = await read('/health');
  expect(contractVersion).toMatch(/^1\.\d+$/);
  expect((await read('/openapi.json'))['info']['version']).toBe(contractVersion);
  expect(CONTRACT_VERSION).toBe(contractVersion);
});

test('the process says its own release, by which browsers keep the files of the page', async () => {
  const stack = await startStack();
  const api = await startProcess('src/main.ts', { ...stack.env, PORT: '0' });
  expect(await (await fetch(`${api.url}/docs`, { headers: HTML })).text()).toContain(packageJson.version);
});
