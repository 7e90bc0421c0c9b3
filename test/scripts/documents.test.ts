/** Every link, anchor, file, command and variable that the documents name exists. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import lint from '../../oxlint.config.ts';
import { schema } from '../../src/env/schema.ts';
import { OF_LANES } from '../../src/env/lanes.ts';
import { NAMING } from '../../src/env/vendors.ts';
import { vendors } from '../../worker/vendors/index.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FRONT = 'wrangler-free-README.md';
const CHAPTERS = 'docs/handbook';

const find = (...patterns: string[]) => globSync(patterns, { cwd: ROOT, exclude: (name) => name.includes('node_modules') }).toSorted();
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const documents = find('*.md', 'docs/**/*.md', 'client/*.md', 'bench/results/*.md', '.github/**/*.md', 'AGENTS.md');
/** Those that describe the code of now. The others say what was changed or measured. */
const current = documents.filter((file) => file !== 'CHANGELOG.md' && !file.startsWith('bench/'));

/** The anchors of the handbook from when it was one file. Links to them are out in the world. */
const OLD_ANCHORS = [
  'deploy',
  'prove-a-deployment',
  'the-http-surface',
  'events',
  'a-job-that-leads-to-another',
  'erasing',
  'users-of-supabase',
  'the-archive',
  'from-a-blocking-call-to-a-stream',
  'on-a-phone',
  'told-when-nobody-is-watching',
  'what-workers-can-do',
  'when-it-does-not-go-well',
  'other-servers-than-openais',
  'lessons',
  'pronunciation',
  'text-in-images',
  'audio',
  'files',
  'formats-of-texts',
  'without-a-model',
  'prices',
  'ends-of-models',
  'the-environment',
  'operation',
  'development',
];

/** The files that the how-tos of the architecture page would add. */
const EXAMPLES = new Set(['src/kinds/haiku.ts', 'worker/kinds/write-haiku.ts', 'worker/vendors/mistral.ts']);

const withoutBlocks = (text: string) => text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
const withoutCode = (text: string) => withoutBlocks(text).replaceAll(/`[^`\n]*`/g, '');

/** The name of a heading's anchor, as GitHub makes it. */
const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

/** All anchors of a document: its headings, and ids that it sets. */
function anchorsOf(file: string): string[] {
  const text = withoutBlocks(read(file));
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slug(heading));
  return [...headings, ...[...text.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id)];
}

/** The links of a document to files of this repository, and to places in itself. */
function linksOf(file: string): string[] {
  const text = withoutCode(read(file));
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
    ([, link, attribute]) => link ?? attribute ?? '',
  );
  return targets.filter((target) => !/^(https?|mailto):/.test(target));
}

test.each(documents)('every link of %s leads to a file, and to an anchor in it', (file) => {
  const broken = linksOf(file).filter((target) => {
    const [path = '', anchor] = target.split('#');
    const to = path === '' ? file : join(dirname(file), path);
    if (!existsSync(join(ROOT, to))) return true;
    return anchor !== undefined && to.endsWith('.md') && !anchorsOf(to).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test('no document has an anchor twice', () => {
  const twice = documents.flatMap((file) => {
    const anchors = anchorsOf(file);
    return anchors.filter((anchor, n) => anchors.indexOf(anchor) !== n).map((anchor) => `${file}#${anchor}`);
  });
  expect(twice.filter((place) => !place.startsWith('CHANGELOG.md') && !place.startsWith('bench/'))).toEqual([]);
});

test('the front of the handbook has every anchor that it ever had, each with a link to its chapter', () => {
  const rows = read(FRONT).split('\n');
  const lost = OLD_ANCHORS.filter((anchor) => !rows.some((row) => row.includes(`id="${anchor}"`) && row.includes(`](${CHAPTERS}/`)));
  expect(lost).toEqual([]);
});

test('the index of the handbook has every chapter', () => {
  expect(find(`${CHAPTERS}/*.md`).filter((chapter) => !linksOf(FRONT).includes(chapter))).toEqual([]);
});

const sources = find('{src,worker,client,page,examples,conformance,bench,scripts,test}/**/*.{ts,tsx,js,mjs,lua,sql,json,css,html,png,ogg}');
const names = new Set([...sources, ...find('*', '.*', '{supabase,docs,.ci}/**/*', 'src/**/', 'worker/**/')].map((file) => basename(file)));

/** Whether a file or folder is there: by its path, or, for a name alone, anywhere. */
const isThere = (path: string) => (path.includes('/') ? existsSync(join(ROOT, path)) || EXAMPLES.has(path) : names.has(path));

/** What a text names in backticks that can only be a file or folder of this repository. */
function pathsIn(text: string): string[] {
  const spans = [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  const words = spans.flatMap((span) => span.split(/\s+/));
  const inFolder = /^(src|worker|client|page|examples|conformance|bench|scripts|test|docs|supabase|deploy)\/[\w./-]+$/;
  return words.filter((word) => inFolder.test(word) || /^[\w-]+(\.test)?\.(ts|tsx|lua)$/.test(word));
}

test.each(current)('every file that %s names is there', (file) => {
  expect(pathsIn(read(file)).filter((path) => !isThere(path))).toEqual([]);
});

test('every function that the architecture page names beside a file is in it', () => {
  const pairs = [...read('docs/architecture.md').matchAll(/`([\w/-]+\.ts)`, `(\w+)`/g)];
  expect(pairs.length).toBeGreaterThan(3);
  expect(pairs.filter(([, file = '', name = '']) => !new RegExp(`\\b${name}\\b`).test(read(file))).map(([pair]) => pair)).toEqual([]);
});

test('every file that a comment of the code names is there', () => {
  const comments = /\/\*[\s\S]*?\*\/|\/\/.*$|--\[\[[\s\S]*?\]\]|-- .*$/gm;
  const missing = sources
    .filter((file) => /^(src|worker|client|page)\/.*\.(ts|tsx|lua)$/.test(file))
    .flatMap((file) => {
      const text = [...read(file).matchAll(comments)].map(([comment]) => comment).join('\n');
      const named = [...text.matchAll(/[\w./-]*\b[\w-]+\.(?:ts|tsx|lua)\b/g)].map(([name]) => basename(name));
      return named.filter((name) => !names.has(name)).map((name) => `${file}: ${name}`);
    });
  expect(missing).toEqual([]);
});

test.each(current)('every command that %s names is there', (file) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const commands = [...read(file).matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name = '']) => name);
  expect(commands.filter((name) => !(name in scripts))).toEqual([]);
});

test('the table of layers on the architecture page says of each folder what the linter lets it import', () => {
  type Rules = { 'no-restricted-imports'?: [string, { patterns: { message: string }[] }] };
  const rules = lint.overrides.flatMap(({ files, rules: set }): [string, string[]][] => {
    const folder = /^(src\/\w+)\/\*\.ts$/.exec(files[0] ?? '')?.[1];
    const messages = (set as Rules)['no-restricted-imports']?.[1].patterns.map(({ message }) => message) ?? [];
    const allowed = messages.flatMap((message) => /^This folder imports (.+) of ours\.$/.exec(message)?.[1] ?? []);
    if (folder === undefined || allowed.length === 0) return [];
    return [[folder, `${allowed[0]}`.split(', ').map((name) => (name === 'nothing' ? name : `src/${name}`))]];
  });
  const [, section = ''] = read('docs/architecture.md').split('\n## Layers\n');
  const rows = [...section.matchAll(/^\| `(src\/\w+)` \|.*\| ([^|]+) \|$/gm)];
  const table = rows.map(([, folder = '', allowed = '']): [string, string[]] => [folder, allowed.replaceAll('`', '').split(', ')]);
  expect(rules.length).toBeGreaterThan(10);
  expect(Object.fromEntries(table)).toEqual(Object.fromEntries(rules));
});

test('the handbook has every command', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = new Set(read(`${CHAPTERS}/development.md`).match(/(?<=`(?:npm run |npm )?)[a-z]+(?::[a-z]+)?/g));
  expect(Object.keys(scripts).filter((name) => !named.has(name) && !/^(pre|post)/.test(name))).toEqual([]);
});

const variables = [...Object.keys(schema.shape), ...NAMING, ...OF_LANES, ...vendors.flatMap((vendor) => Object.keys(vendor.variables))];

test('the handbook has every variable that a process reads, and no others', () => {
  const rows = read(`${CHAPTERS}/environment.md`).match(/^\| `.*?(?= \| )/gm) ?? [];
  const listed = rows.flatMap((row) => row.match(/[A-Z][A-Z0-9_]+/g) ?? []).filter((name) => name !== 'API');
  expect(listed.toSorted()).toEqual([...new Set(variables)].toSorted());
});

test('the example of a .env file has no variable that nothing reads', () => {
  const named = [...read('.env.example').matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !variables.includes(name))).toEqual([]);
});
