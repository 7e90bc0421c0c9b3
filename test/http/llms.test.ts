/** What agents read is what the documents say: the index, all chapters in one text, and each by itself. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startStack } from '../support/stack-in-process.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const chapters = globSync('docs/handbook/*.md', { cwd: ROOT }).map((path) => `/${path}`);
const OTHERS = ['/docs/handbook/client-skill.md', '/docs/handbook/client.md', '/docs/handbook/troubleshooting.md'];

const linksIn = (text: string) => [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

test('the index names every chapter, and each of its links leads to a text of the server', async () => {
  const { url } = await startStack();
  const response = await fetch(`${url}/llms.txt`);
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const index = await response.text();
  expect(index).toMatch(/^# ai-jobs\n\n> /);
  const listed = linksIn(index).filter((target) => target.startsWith('/docs/handbook/'));
  expect(listed.toSorted()).toEqual([...chapters, ...OTHERS].toSorted());
  for (const target of linksIn(index)) expect([target, (await fetch(url + target)).status]).toEqual([target, 200]);
});

test('a chapter and the whole text say what the file says, and their links lead to what is served', async () => {
  const { url } = await startStack();
  const read = async (path: string) => (await fetch(url + path)).text();
  const full = await read('/llms-full.txt');
  for (const path of chapters) {
    const chapter = await read(path);
    const [title = ''] = readFileSync(ROOT + path, 'utf8').split('\n');
    expect([path, chapter.split('\n')[0]]).toEqual([path, title]);
    expect([path, full.includes(chapter)]).toEqual([path, true]);
  }
  const served = new Set([...chapters, ...OTHERS]);
  const withoutCode = full.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
  const elsewhere = /^(https?:|#|\/problems\/|\/(openapi\.json|api\/kinds|llms-full\.txt)$)/;
  const targets = linksIn(withoutCode).filter((target) => !elsewhere.test(target));
  expect(targets.length).toBeGreaterThan(50);
  expect(targets.filter((target) => !served.has(target.replace(/#.*/, '')))).toEqual([]);
});

test('a chapter that there is not is 404, and one that a client has is 304', async () => {
  const { url } = await startStack();
  for (const name of ['no.md', '..%2F..%2Fpackage.json', '%2e%2e%2fpackage.json'])
    expect((await fetch(`${url}/docs/handbook/${name}`)).status).toBe(404);
  const { headers } = await fetch(`${url}/docs/handbook/events.md`);
  const again = await fetch(`${url}/docs/handbook/events.md`, { headers: { 'if-none-match': headers.get('etag') ?? '' } });
  expect([headers.get('content-type'), again.status]).toEqual(['text/markdown; charset=utf-8', 304]);
});
