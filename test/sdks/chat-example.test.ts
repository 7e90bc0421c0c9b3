/** The example `examples/chat` in Chromium: its build, behind the proxy of its own Vite, on processes that are killed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { browserPath, seriousFaults, startBrowser } from '../support/browser.ts';
import { startOpenAI } from '../support/openai.ts';
import { freePort } from '../support/ports.ts';
import { type Process, startStack } from '../support/stack.ts';
import { startStack as startStackHere } from '../support/stack-in-process.ts';
import { startSteppedModel } from '../support/stepped-model.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/chat', import.meta.url));
const VITE = join(EXAMPLE, 'node_modules/vite/dist/node/index.js'); // `npm ci --prefix examples/chat` puts it there

const { openPage } = startBrowser();

/** Builds the example, and serves it with the proxy that its configuration has, to an API. Resolves with the page's address. */
async function serveExample(api: string): Promise<string> {
  const vite = await import(VITE);
  const outDir = mkdtempSync(join(tmpdir(), 'ai-jobs-chat-'));
  const common = { root: EXAMPLE, logLevel: 'silent', build: { outDir, emptyOutDir: true } };
  await vite.build(common);
  const preview = { host: '127.0.0.1', port: await freePort() };
  vi.stubEnv('AI_JOBS_URL', api);
  onTestFinished(() => void vi.unstubAllEnvs());
  const server = await vite.preview({ ...common, preview });
  onTestFinished(async () => {
    await server.close();
    rmSync(outDir, { recursive: true });
  });
  return `http://127.0.0.1:${preview.port}/`;
}

test.skipIf(!browserPath)('an answer survives a reload, a killed API and a killed worker, and no card is lost or doubled', async () => {
  const model = await startSteppedModel(8);
  const stack = await startStack({ ...model.env, WORKER_STALLED_INTERVAL_MS: '300', WORKER_LOCK_DURATION_MS: '3000' });
  const port = String(await freePort());
  const startApi = (): Promise<Process> => stack.startApi({ PORT: port });
  const api = await startApi();
  const worker = await stack.startWorker();
  const { page } = await openPage(await serveExample(`http://127.0.0.1:${port}`), {}, 'Send');
  const cards = page.locator('.cards li');
  const see = async (count: number) => {
    await expect.poll(() => cards.count()).toBe(count);
  };
  const status = page.getByRole('status');

  await page.getByRole('textbox', { name: 'Notes' }).fill('Notes.');
  await page.getByRole('button', { name: 'Send' }).click();
  model.write(2);
  await see(2);
  await page.reload();
  await see(2);
  model.write(3);
  await see(3);
  await api.stop('SIGKILL');
  await expect.poll(() => status.textContent()).toContain('No connection');
  await see(3);
  model.write(5);
  await startApi();
  await see(5);
  await worker.stop('SIGKILL');
  await stack.startWorker();
  model.write(6);
  await see(6);
  await page.reload();
  model.write(8);
  await see(8);
  await expect.poll(() => status.textContent()).toBe('');

  const texts = await cards.allTextContents();
  expect(new Set(texts).size).toBe(8);
  await page.reload();
  await see(8);
  expect(await cards.allTextContents()).toEqual(texts);
  expect(await page.locator('.messages > li').count()).toBe(2);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await seriousFaults(page)).toEqual([]);
  }
  expect((await stack.get('/api/queue/stats'))['counts']).toMatchObject({ completed: 1 });
});

test.skipIf(!browserPath)(
  'a message that no server took is sent when there is one; a failure says so, and is tried again by a press',
  async () => {
    let fails = true;
    const openai = await startOpenAI((pen) => {
      if (fails) return pen.fail(400, { error: { message: 'no' } });
      pen.text('{"flashcards":[{"front":"a","back":"b"}]}');
      return pen.finish('stop', { prompt_tokens: 1, completion_tokens: 1 });
    });
    const stack = await startStackHere({ ...openai.env, JOB_ATTEMPTS: '1' });
    await stack.startWorker();
    const port = String(await freePort());
    const { page } = await openPage(await serveExample(`http://127.0.0.1:${port}`), {}, 'Send');
    await page.getByRole('textbox', { name: 'Notes' }).fill('Notes.');
    await page.getByRole('button', { name: 'Send' }).click();
    await expect.poll(() => page.getByRole('status').textContent()).toContain('No connection');
    await page.reload();
    await stack.startApi({ PORT: port });
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toMatch(/^[A-Z][^{}]+\./);
    fails = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(() => page.locator('.cards li').allTextContents()).toEqual(['a']);
    expect(await page.locator('.messages > li').count()).toBe(2);
  },
);

test.skipIf(!browserPath)('a stop button stops the job; useCompletion and useObject show the result as it grows', async () => {
  const model = await startSteppedModel(3);
  const stack = await startStackHere(model.env);
  await stack.startWorker();
  const address = await serveExample(stack.url);
  const { page } = await openPage(address, {}, 'Send');
  const notes = page.getByRole('textbox', { name: 'Notes' });
  const cards = page.locator('.cards li');
  await notes.fill('Notes.');
  await page.getByRole('button', { name: 'Send' }).click();
  model.write(1);
  await expect.poll(() => cards.count()).toBe(1);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'New chat' }).waitFor();
  expect(await cards.count()).toBe(1);
  expect((await stack.get('/api/queue/stats'))['counts']).toMatchObject({ cancelled: 1 });

  await page.getByRole('link', { name: 'Object' }).click();
  await notes.fill('Other notes.');
  await page.getByRole('button', { name: 'Make an object' }).click();
  await expect.poll(() => cards.count()).toBe(1);
  model.write(3);
  await expect.poll(() => cards.count()).toBe(3);
  await page.getByRole('link', { name: 'Completion' }).click();
  await notes.fill('More notes.');
  await page.getByRole('button', { name: 'Complete' }).click();
  const result = page.getByLabel('Result');
  await expect.poll(async () => (await result.textContent())?.endsWith(']}')).toBe(true);
  expect(JSON.parse((await result.textContent()) ?? '').flashcards).toHaveLength(3);
  expect(await page.getByRole('alert').count()).toBe(0);
});
