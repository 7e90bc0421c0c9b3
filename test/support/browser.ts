/** Chromium on the page, for tests of what a visitor sees. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, onTestFinished } from 'vitest';
import { createFindProgram } from '../../worker/programs.ts';
import { PATH } from './spoken.ts';

/** Where the browser is; undefined if it is not installed. Tests that need it are skipped then. */
export const browserPath: string | undefined = createFindProgram(PATH)('chromium');

/** A page that is open, and what the browser has complained about so far. */
type OpenPage = { page: Page; complaints: string[] };

/** Opens an address with a look. It is open when the button of this name is there: by default that of the page at `/`. */
type OpenPageAt = (url: string, look?: BrowserContextOptions, button?: string) => Promise<OpenPage>;

/**
 * Starts a browser with the first page that a test file opens; it ends with the file. Each page has a
 * profile of its own, which ends with its test. `args`: what the browser is started with.
 */
export function startBrowser(args: string[] = []): { openPage: OpenPageAt } {
  let browser: Promise<Browser> | undefined;
  afterAll(async () => (await browser)?.close());
  const options = { ...(browserPath && { executablePath: browserPath }), args: ['--no-sandbox', ...args] };
  return { openPage: async (...page) => openPage(await (browser ??= chromium.launch(options)), ...page) };
}

async function openPage(browser: Browser, ...[url, look = {}, button = 'Submit']: Parameters<OpenPageAt>): Promise<OpenPage> {
  const context = await browser.newContext(look);
  onTestFinished(() => context.close());
  const page = await context.newPage(); // not the browser's own, so that a test may open another tab
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', ({ message }) => complaints.push(message));
  await page.goto(url);
  await page.getByRole('button', { name: button }).waitFor();
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
