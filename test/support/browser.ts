/** Chromium on the page, for tests of what a visitor sees. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { createFindProgram } from '../../worker/programs.ts';
import { PATH } from './spoken.ts';

/** Where the browser is; undefined if it is not installed. Tests that need it are skipped then. */
export const browserPath: string | undefined = createFindProgram(PATH)('chromium');

/** How the browser looks, and what it is started with. */
export type Look = BrowserContextOptions & { args?: string[] };

/** Opens the page; what the browser complains about is collected. */
export async function openPage(url: string, { args = [], ...look }: Look = {}): Promise<{ page: Page; complaints: string[] }> {
  const browser = await chromium.launch({ ...(browserPath && { executablePath: browserPath }), args: ['--no-sandbox', ...args] });
  onTestFinished(() => browser.close());
  const page = await (await browser.newContext(look)).newPage(); // so that a test may open another tab
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', ({ message }) => complaints.push(message));
  await page.goto(url);
  await page.getByRole('button', { name: 'Submit' }).waitFor();
  return { page, complaints };
}

/** Faults of accessibility that are serious or worse. */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate('Promise.all(document.getAnimations().map(({ finished }) => finished))'); // what fades in has little contrast
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const faults = (await page.evaluate('axe.run()')) as { violations: { id: string; impact: string; nodes: { html: string }[] }[] };
  const serious = faults.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}
