/** A sixth kind, added to a copy of the project: two files and two lines are all that is written by hand. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { browserPath, seriousFaults, startBrowser } from '../support/browser.ts';
import { freePorts, runProgram, runScript } from '../support/npm-scripts.ts';

const { openPage } = startBrowser();

const root = resolve(import.meta.dirname, '../..');

const KIND = `/** The riddle kind: a theme in; riddles about it out. */
import { z } from 'zod';
import { defineKind } from './kind.ts';

export const riddle = z.object({ question: z.string().min(1), answer: z.string().min(1) });

export const riddles = defineKind({
  name: 'write-riddles',
  path: '/api/ai/write-riddles',
  method: 'riddles',
  variable: 'RIDDLES',
  capability: 'structuredAnswer',
  withoutKey: { vendor: 'offline', answer: ({ theme }) => ({ riddles: [{ question: 'What is it about?', answer: theme }] }) },
  summary: 'Writes riddles about a theme.',
  pushTexts: { completed: 'Your riddles are ready.', failed: 'Your riddles could not be written. Try again.' },
  input: z.object({
    theme: z.string().min(1).max(100).describe('What they are about.'),
    count: z.int().min(1).max(5).default(1),
    tone: z.enum(['plain', 'rhymed']).optional(),
  }),
  result: z.object({ riddles: z.array(riddle) }),
  lists: ['riddles'],
  estimate: ({ theme, count }) => ({ inputTokens: 100 + theme.length, outputTokens: 50 * count }),
  smoke: { theme: 'water' },
  example: { input: { theme: 'water' }, result: { riddles: [{ question: 'What falls and is never hurt?', answer: 'rain' }] } },
});
`;

const HANDLER = `/** The handler for riddles. */
import { riddle, type riddles } from '../../src/kinds/write-riddles.ts';
import type { z } from 'zod';
import type { Handler } from '../handler.ts';
import { fillLists, wantedList } from './fill-lists.ts';

export const writeRiddles: Handler<typeof riddles> = async (input, context) => {
  await context.once('answer', () =>
    fillLists(context, {
      lists: { riddles: wantedList({ item: riddle, itemLength: 500, keyOf: ({ question }) => question, count: input.count }) },
      percent: { from: 5, to: 95 },
      ask: (missing) => ({ kind: 'write-riddles', input, instructions: 'Write riddles.', material: () => ({ ...input, missing }) }),
    }),
  );
  return { riddles: context.items('riddles') as z.infer<typeof riddle>[] };
};
`;

/** A copy of the project with its packages. It is removed after the test. */
async function copyProject(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-kind-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const own = new Set(['node_modules', '.git', '.env']);
  await cp(root, folder, { recursive: true, filter: (source) => !own.has(basename(source)) });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Adds a line of import and an entry to a registry. */
function register(file: string, importLine: string, [before, after]: [string, string]): void {
  const text = readFileSync(file, 'utf8');
  expect(text.split(before)).toHaveLength(2);
  writeFileSync(file, text.replace(/^import /m, `${importLine}\n$&`).replace(before, after));
}

test('it has its route, types, variable, document, form and small job, and no other file or test asks for more', async () => {
  const folder = await copyProject();
  writeFileSync(join(folder, 'src/kinds/write-riddles.ts'), KIND);
  writeFileSync(join(folder, 'worker/kinds/write-riddles.ts'), HANDLER);
  register(join(folder, 'src/kinds/index.ts'), "import { riddles } from './write-riddles.ts';", [
    'generateResponse] as const',
    'generateResponse, riddles] as const',
  ]);
  register(join(folder, 'worker/kinds/index.ts'), "import { writeRiddles } from './write-riddles.ts';", [
    "'generate-audio': generateAudio,",
    "'generate-audio': generateAudio,\n  'write-riddles': writeRiddles,",
  ]);
  const run = async (program: string, args: string[], env: Record<string, string> = {}) => {
    const { exited, output } = runProgram(program, args, env, folder);
    return { code: await exited, output: output() };
  };
  const passes = async (...command: Parameters<typeof run>) => {
    const { code, output } = await run(...command);
    if (code !== 0) expect.fail(`${command[0]} ${command[1].join(' ')} ended with ${code}:\n${output}`);
  };

  await passes('npm', ['run', 'client:types']);
  expect(readFileSync(join(folder, 'client/src/kinds.ts'), 'utf8')).toMatch(/^ {2}riddles: \{ input: RiddlesInput/m);
  // One checker: more of them do much of the work again.
  for (const project of ['.', 'page']) await passes(join(root, 'node_modules/.bin/tsc'), ['-p', project, '--noEmit', '--checkers', '1']);
  const ofKinds = readdirSync(join(root, 'test/kinds')).filter((file) => file.endsWith('.test.ts') && file !== 'inspect.test.ts'); // of files
  const walks = [
    ...ofKinds.map((file) => `test/kinds/${file}`),
    'test/openapi',
    'test/config.test.ts',
    'test/client/client.test.ts',
    'test/http/openapi.test.ts',
  ];
  await passes(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--update=new', ...walks], {
    TEST_STORE: 'embedded',
  });
  const refused = await run(process.execPath, ['worker/main.ts'], { REDIS_URL: 'redis://127.0.0.1:1', PROVIDER_RIDDLES: 'nobody' });
  expect(refused.output).toMatch(/PROVIDER_RIDDLES: expected .*offline/);

  const ports = await freePorts();
  const app = runScript('start', ports, { cwd: folder });
  await app.said(/ai-jobs is running[^]*at once\)/);
  const url = `http://localhost:${ports.PORT}`;
  const smoke = runScript('smoke', {}, { args: [url, `http://localhost:${ports.WORKER_HEALTH_PORT}`], cwd: folder });
  expect([await smoke.exited, smoke.output()]).toEqual([0, expect.stringMatching(/write-riddles: completed in \d+ ms, by offline/)]);
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
  expect(paths).toHaveProperty(['/api/ai/write-riddles', 'post', 'operationId'], 'submitWriteRiddles');
  if (browserPath) await tryOnPage(url);
});

/** Fills in the form that the page draws of the kind, and waits for the result. */
async function tryOnPage(url: string): Promise<void> {
  const { page, complaints } = await openPage(url);
  await page.getByText('Write riddles').click();
  await page.getByLabel('Theme').fill('the sea');
  await page.getByLabel('Tone').selectOption('rhymed');
  expect(await page.getByLabel('Count').inputValue()).toBe('1');
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Submit' }).click();
  await expect.poll(() => page.locator('.state').textContent()).toBe('completed');
  expect(await page.locator('.made').textContent()).toMatch(/What is it about\?.*the sea/);
  expect(await seriousFaults(page)).toEqual([]);
  expect(complaints).toEqual([]);
}
