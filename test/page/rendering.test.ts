/** Tests in Chromium that the page touches only what has changed while pieces come, and that every end of a job can be used. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { browserPath, startBrowser } from '../support/browser.ts';
import { card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { startStack } from '../support/stack-in-process.ts';
import { startSteppedModel } from '../support/stepped-model.ts';

const { openPage } = startBrowser();

const COUNT = 25;

/** Notes in the page how often a card is animated, and which elements leave the cards. As text, since the tests are compiled. */
const WATCH = `(() => {
  window.seen = { animated: 0, removed: 0 };
  document.addEventListener('animationstart', () => window.seen.animated++, true);
  new MutationObserver((records) => {
    for (const { removedNodes, target } of records) {
      if (target instanceof Element && target.closest('.made')) window.seen.removed += removedNodes.length;
    }
  }).observe(document.body, { childList: true, subtree: true });
})()`;

async function submit(page: Page, notes: string, count: number): Promise<void> {
  await page.getByRole('textbox', { name: 'Notes' }).fill(notes);
  await page.getByLabel('Cards at most').fill(String(count));
  await page.getByRole('button', { name: 'Submit' }).click();
}

/** Saves what a button gives; resolves with its text. */
async function saved(page: Page, name: string): Promise<string> {
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name, exact: true }).click();
  return readFileSync(await (await coming).path(), 'utf8');
}

test.skipIf(!browserPath)(
  'progress grows with each card; no card is replaced or animated again, focus stays, every click flips',
  async () => {
    const model = await startSteppedModel(COUNT);
    const stack = await startStack(model.env);
    await stack.startWorker();
    const { page, complaints } = await openPage(`${stack.url}/`);
    await page.evaluate(WATCH);
    await submit(page, 'Notes.', COUNT);
    const [cards, bar] = [page.locator('.card'), page.getByRole('progressbar')];
    let percent = -1;
    for (let n = 1; n <= COUNT; n++) {
      model.write(n);
      await expect.poll(() => cards.count()).toBe(n);
      const now = Number(await bar.getAttribute('value'));
      expect([n, now]).toEqual([n, Math.max(now, percent + 1)]);
      percent = now;
      if (n === 1) {
        await cards.first().focus();
        await page.evaluate("window.first = document.querySelector('.card')");
      }
      const isLast = n === COUNT; // a click moves the focus, so the last card is not clicked before the focus is looked at
      if (!isLast && n > 1) await page.evaluate(`document.querySelectorAll('.card')[${n - 1}].click()`);
    }
    await expect.poll(() => page.locator('.state').textContent()).toBe('completed');
    expect(await page.evaluate("document.querySelector('.card') === window.first && document.activeElement === window.first")).toBe(true);
    expect(await page.locator('.card[aria-pressed=true]').count()).toBe(COUNT - 2);
    for (let n = 0; n < COUNT; n++) {
      const before = await cards.nth(n).getAttribute('aria-pressed');
      await cards.nth(n).click();
      expect([n, await cards.nth(n).getAttribute('aria-pressed')]).toEqual([n, before === 'true' ? 'false' : 'true']);
    }
    await expect.poll(() => page.evaluate('window.seen')).toEqual({ animated: COUNT, removed: 0 }); // an animation starts with a frame
    expect(complaints).toEqual([]);
  },
);

test.skipIf(!browserPath)('a failed job gives what it has, and is tried again by one press: its pieces stay and more come', async () => {
  const all = Array.from({ length: 6 }, (_, n) => card(n + 1));
  const seen = latch();
  const openai = await startOpenAI(async (pen, _, n) => {
    const { open, cards, close } = pieces(n === 1 ? all : all.slice(3));
    pen.text(open);
    if (n === 1) {
      cards.slice(0, 3).forEach((text) => pen.text(text));
      await seen.wait;
      return pen.cut();
    }
    cards.forEach((text) => pen.text(text));
    pen.text(close);
    pen.finish('stop', { prompt_tokens: 100, completion_tokens: 50 });
  });
  const stack = await startStack({ ...openai.env, JOB_ATTEMPTS: '1' });
  await stack.startWorker();
  const { page } = await openPage(`${stack.url}/`);
  await submit(page, 'Notes.', 6);
  const job = page.getByRole('region', { name: 'Job' });
  await expect.poll(() => job.locator('.card').count()).toBe(3);
  seen.open();
  await expect.poll(() => job.locator('.state').textContent()).toBe('failed');
  expect(JSON.parse(await saved(page, 'JSON'))).toEqual({ flashcards: all.slice(0, 3) });
  await page.evaluate(WATCH);
  await job.getByRole('button', { name: 'Retry' }).click();
  await expect.poll(() => job.locator('.state').textContent()).toBe('completed');
  expect(await job.locator('.card').count()).toBe(6);
  expect(await job.textContent()).toContain('3 pieces were kept');
  await expect.poll(() => page.evaluate('window.seen')).toEqual({ animated: 3, removed: 0 }); // an animation starts with a frame
});

test.skipIf(!browserPath)('a cancelled job is submitted again by one press; where its input is not known the page says so', async () => {
  const model = await startSteppedModel(3);
  const stack = await startStack(model.env);
  await stack.startWorker();
  const { page, complaints } = await openPage(`${stack.url}/`);
  const job = page.getByRole('region', { name: 'Job' });
  const rows = page.getByRole('list', { name: 'Jobs' }).getByRole('listitem');
  await submit(page, 'Notes.', 3);
  model.write(2);
  await expect.poll(() => job.locator('.card').count()).toBe(2);
  await job.getByRole('button', { name: 'Cancel' }).click();
  await expect.poll(() => job.locator('.state').textContent()).toBe('cancelled');
  expect(JSON.parse(await saved(page, 'JSON'))).toEqual({ flashcards: [card(1), card(2)] });
  const cancelled = page.url();
  await page.reload();
  await job.getByRole('button', { name: 'Do it again' }).click();
  model.write(3);
  await expect.poll(() => job.locator('.state').textContent()).toBe('completed');
  expect(await job.locator('.card').count()).toBe(3);
  await expect.poll(() => rows.count()).toBe(2);

  const other = await page.context().newPage(); // another tab
  await other.goto(cancelled);
  await other.getByRole('button', { name: 'Do it again' }).click();
  await other.getByText('this tab does not have what the job was made of').waitFor();
  expect(complaints).toEqual([]);
});

test.skipIf(!browserPath)(
  'cards are changed, put in another order and removed before they are taken away, also after a reload',
  async () => {
    const model = await startSteppedModel(3);
    const stack = await startStack(model.env);
    await stack.startWorker();
    const { page } = await openPage(`${stack.url}/`);
    model.write(3);
    await submit(page, 'Notes.', 3);
    await page.getByRole('button', { name: 'Edit cards' }).click();
    const second = page.getByRole('group', { name: 'Card 2' });
    await second.getByRole('textbox', { name: 'Back' }).fill('my own\nanswer');
    await second.getByRole('button', { name: 'Up' }).click();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Up'); // the focus moves with the card
    await page.getByRole('group', { name: 'Card 3' }).getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.reload();
    await expect.poll(() => page.locator('.card').allTextContents()).toEqual([card(2).front, card(1).front]);
    expect(await saved(page, 'Quizlet')).toBe(`${card(2).front}\tmy own answer\n${card(1).front}\t${card(1).back}`);
    expect((await saved(page, 'Anki')).split('\n')).toContain(`${card(2).front}\tmy own<br>answer`);
    await page.getByRole('button', { name: 'Undo all changes' }).click();
    await expect.poll(() => page.locator('.card').count()).toBe(3);
  },
);
