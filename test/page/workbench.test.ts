/** Tests the list of jobs beside the open one, over tabs and an API that dies, the form, and many pieces: in Chromium. */
import { expect, test } from 'vitest';
import { browserPath, seriousFaults, startBrowser } from '../support/browser.ts';
import { card } from '../support/openai.ts';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/stack.ts';
import { startStack } from '../support/stack-in-process.ts';
import { startSteppedModel } from '../support/stepped-model.ts';

const { openPage } = startBrowser();

test.skipIf(!browserPath)('a second submission leaves the first in the list, in every tab, without a text of its cards', async () => {
  const model = await startSteppedModel(3);
  model.write(3);
  const stack = await startStack(model.env);
  await stack.startWorker();
  const { page, complaints } = await openPage(`${stack.url}/`);
  const rows = page.getByRole('list', { name: 'Jobs' }).getByRole('listitem');
  for (const n of [1, 2]) {
    await page.getByRole('textbox', { name: 'Notes' }).fill(`Notes ${n}.`);
    await page.getByRole('button', { name: 'Submit' }).click();
    await expect.poll(() => rows.count()).toBe(n);
    await expect.poll(() => rows.first().textContent()).toContain('completed3 pieces');
  }
  expect(await rows.allTextContents()).toEqual([expect.not.stringContaining(card(1).front), expect.not.stringContaining(card(1).front)]);
  expect(await seriousFaults(page)).toEqual([]);

  const other = await page.context().newPage();
  await other.goto(`${stack.url}/`);
  const otherRows = other.getByRole('list', { name: 'Jobs' }).getByRole('listitem');
  await expect.poll(() => otherRows.count()).toBe(2);
  await otherRows.last().getByRole('button', { name: 'Flashcards' }).first().click();
  await expect.poll(() => other.getByRole('region', { name: 'Job' }).locator('.card').count()).toBe(3);
  await other.getByRole('button', { name: 'completed 2' }).click();
  await expect.poll(() => otherRows.count()).toBe(2);
  await otherRows.last().getByRole('button', { name: 'Erase' }).click();
  await expect.poll(() => otherRows.count()).toBe(1);
  await expect.poll(() => other.getByRole('region', { name: 'Job' }).textContent()).toContain('No job is open');
  const user = await page.evaluate("localStorage.getItem('ai-jobs:user')");
  expect((await stack.get('/api/jobs', { 'user-id': String(user) }))['jobs']).toHaveLength(1);
  expect(complaints).toEqual([]);
});

test.skipIf(!browserPath)(
  'an API that is killed is told and waited for; list and open job go on by themselves when it is back',
  async () => {
    const model = await startSteppedModel(4);
    const port = String(await freePort());
    const stack = await startStack({ ...model.env, SSE_HEARTBEAT_MS: '15000' });
    await stack.startWorker();
    const startApi = async () => startProcess('src/main.ts', { ...stack.env, PORT: port });
    const api = await startApi();
    const { page } = await openPage(`http://127.0.0.1:${port}/`);
    const connection = page.getByRole('status', { name: 'Connection' });
    await page.getByRole('textbox', { name: 'Notes' }).fill('Notes.');
    await page.getByRole('button', { name: 'Submit' }).click();
    model.write(2);
    await expect.poll(() => page.locator('.card').count()).toBe(2);
    await api.stop('SIGKILL');
    await expect.poll(() => connection.textContent()).toMatch(/^No connection, next try in \d+ s$/);
    model.write(4);
    await startApi();
    await expect.poll(() => page.locator('.state').textContent()).toBe('completed');
    expect(await page.locator('.card').count()).toBe(4);
    await expect.poll(() => connection.textContent()).toBe('Connected');
    await expect.poll(() => page.getByRole('list', { name: 'Jobs' }).textContent()).toContain('completed4 pieces');
  },
);

const MANY = 500;
/** So many pieces come in one frame of the browser's. */
const AT_ONCE = 10;

test.skipIf(!browserPath)(`${MANY} pieces add five nodes each at most, and none is replaced`, async () => {
  const stack = await startStack();
  const { page } = await openPage(`${stack.url}/`);
  const { jobId } = (await stack.submit({ content: 'Notes.' })) as { jobId: string };
  const frames = Array.from({ length: MANY }, (_, n) => {
    const data = { type: 'item', jobId, seq: n + 1, list: 'flashcards', index: n, value: card(n + 1), percent: (n + 1) / 10 };
    return `id: ${n + 1}\nevent: item\ndata: ${JSON.stringify(data)}\n\n`;
  });
  await page.evaluate(`(async () => {
    const { JobView } = await import('/page/job-view.ts');
    const { ProgressBar } = await import('/page/progress-bar.ts');
    const { createClient } = await import('/client/src/client.ts');
    const nodes = () => { let n = 0; for (const w = document.createTreeWalker(area, NodeFilter.SHOW_ALL); w.nextNode();) n++; return n; };
    const area = document.createElement('section'); // the page's own one is the page's to fill, which may come later than this
    document.body.append(area);
    const cards = () => area.querySelectorAll('.card').length;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const shows = async (count) => { while (cards() < count) await frame(); };
    let write;
    const body = new ReadableStream({ start: (controller) => void (write = (text) => controller.enqueue(new TextEncoder().encode(text))) });
    const ai = createClient({ baseUrl: '', fetch: async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }) });
    const shown = { kind: 'generate-flashcards', bar: new ProgressBar(), signal: new AbortController().signal };
    area.append(new JobView(ai.resume('${jobId}', { streamUrl: '/stream' }), shown).node);
    write('event: status\\ndata: {"type":"status","status":"active"}\\n\\n');
    const frames = ${JSON.stringify(frames)};
    write(frames[0]);
    await shows(1);
    const removed = [];
    new MutationObserver((records) => removed.push(...records.flatMap((record) => [...record.removedNodes]))).observe(area, { childList: true, subtree: true });
    const before = nodes();
    for (let shown = 1; shown < frames.length; shown += ${AT_ONCE}) {
      frames.slice(shown, shown + ${AT_ONCE}).forEach(write);
      await shows(Math.min(shown + ${AT_ONCE}, frames.length));
    }
    window.outcome = { cards: cards(), added: nodes() - before, removed: removed.length };
  })()`);
  const { cards, added, removed } = (await page.evaluate('window.outcome')) as Record<string, number>;
  expect({ cards, removed }).toEqual({ cards: MANY, removed: 0 });
  expect(added).toBeLessThanOrEqual(5 * (MANY - 1));
});

test.skipIf(!browserPath)('Submit is in reach without scrolling, and the form has every field', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const { page } = await openPage(`${stack.url}/`, { viewport: { width: 1280, height: 800 } });
  for (const kind of ['Flashcards', 'Lesson', 'Text in an image']) {
    await page.getByText(kind, { exact: true }).click();
    const { y, height } = (await page.getByRole('button', { name: 'Submit' }).boundingBox())!;
    expect([kind, y + height]).toEqual([kind, Math.min(y + height, 800)]);
    const top = `document.elementFromPoint(innerWidth * 0.15, ${y + height / 2}).textContent`;
    expect([kind, await page.evaluate(top)]).toEqual([kind, 'Submit']); // nothing lies over it
  }
  await page.getByText('Flashcards', { exact: true }).click();
  for (const label of ['Notes', 'Subject', 'Topic', 'Cards at most', 'Language code', 'Difficulty']) await page.getByLabel(label).waitFor();
});
