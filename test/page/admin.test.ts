/** Tests the page of operators in Chromium, against a real stack: who gets in, and what is seen, decided and undone there. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { browserPath, seriousFaults, startBrowser } from '../support/browser.ts';
import { answerWith, card, pieces, startOpenAI } from '../support/openai.ts';
import { actionsOf, ANA, operate, OPERATORS } from '../support/operators.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

const { openPage } = startBrowser();

const signIn = async (page: Page, token = ANA): Promise<void> => {
  await page.getByLabel('Admin token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
};

test.skipIf(!browserPath)('without a token the page asks for no data; with one this tab has it, and nothing else does', async () => {
  const stack = await startStack(OPERATORS);
  await operate(stack.url, 'PUT /admin/users/wild', { blocked: true });
  const { page, complaints } = await openPage(`${stack.url}/admin#/users`, {}, 'Sign in');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.reload();
  await page.getByLabel('Admin token').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  const policy = (await fetch(`${stack.url}/admin`)).headers.get('content-security-policy');
  expect(policy).toMatch(/^default-src 'self'; /);
  expect(policy).not.toContain('unsafe');
  expect(asked.filter((url) => !/\/(admin|(page|client\/src)\/[^?]*)(#.*)?$/.test(url))).toEqual([]);

  const wrong = page.getByRole('alert');
  await signIn(page, 'a-token-of-nobody');
  await expect.poll(() => wrong.textContent()).toBe('This is not the token of an operator.');
  for (let n = 0; n < 10; n++) await operate(stack.url, 'GET /admin/actions', undefined, `guess-${n}`);
  await signIn(page, 'another-of-nobody');
  await expect.poll(() => wrong.textContent()).toMatch(/^Too many wrong tokens came from this address. Try it again in \d+ s.$/);
  expect(await page.evaluate('JSON.stringify([{ ...sessionStorage }, document.cookie])')).toBe('[{},""]');

  await signIn(page);
  const blocked = page.getByRole('table', { name: 'Users with terms' }).getByText('wild');
  await blocked.waitFor();
  await page.reload();
  await blocked.waitFor();
  expect(asked.filter((url) => url.includes(ANA))).toEqual([]);
  expect(page.url()).not.toContain(ANA);
  expect(await page.context().cookies()).toEqual([]);
  expect(await page.evaluate('JSON.stringify({ ...localStorage })')).toBe('{}');
  const other = await page.context().newPage();
  await other.goto(`${stack.url}/admin`);
  await other.getByLabel('Admin token').waitFor();

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Admin token').waitFor();
  expect(await page.locator('body').textContent()).not.toContain('wild');
  expect(await page.evaluate('JSON.stringify({ ...sessionStorage })')).toBe('{}');
  expect(complaints.filter((text) => !/ (401|429) /.test(text))).toEqual([]); // the browser's own lines for the refused ones
});

const PRICES = '{"openai/*":{"perMillionInputTokens":1,"perMillionOutputTokens":2}}';

/** A model that stops in the middle of an answer, or refuses each call for `Other`, until it is mended. */
async function startRefusing() {
  let isMended = false;
  const { open, cards } = pieces([card(1)]);
  const openai = await startOpenAI((pen, call, n) => {
    if (isMended) return answerWith()(pen, call, n);
    if (JSON.stringify(call.material).includes('Other.')) return pen.fail(400, {});
    pen.text(open + cards.join(''));
    pen.finish('content_filter', { prompt_tokens: 100, completion_tokens: 10 });
  });
  return { ...openai, mend: () => (isMended = true) };
}

test.skipIf(!browserPath)(
  'an operator finds what has failed and retries it, pauses a kind, quiets a worker and blocks a user',
  async () => {
    const openai = await startRefusing();
    const stack = await startStack({ ...OPERATORS, ...openai.env, PRICES, JOB_ATTEMPTS: '1' });
    await stack.startWorker();
    for (const content of ['Secret 1.', 'Secret 2.', 'Secret 3.', 'Other.'])
      await (await stack.watch(await stack.submit({ content, count: 2 }, { 'user-id': 'wild' }))).until(isEnd);
    const { page, complaints } = await openPage(`${stack.url}/admin`, { viewport: { width: 1280, height: 800 } }, 'Sign in');
    await signIn(page);
    const table = (name: string) => page.getByRole('table', { name });
    const rows = (name: string) => table(name).locator('tbody tr');
    const dialog = page.getByRole('dialog');
    const view = async (name: string) => page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name }).click();

    // What is wrong, why, and what it has cost.
    const failing = table('Errors').getByRole('row', { name: 'provider_refused' });
    await failing.waitFor();
    await expect.poll(() => page.getByRole('region', { name: 'State' }).textContent()).toContain('4 jobs failed in the last five minutes');
    expect(await seriousFaults(page)).toEqual([]);
    await failing.getByRole('link', { name: 'Failed jobs' }).click();
    await expect.poll(() => rows('Jobs').count()).toBe(3);
    await rows('Jobs').first().getByRole('link').first().click();
    const job = page.getByRole('region', { name: 'Job' });
    const life = page.getByRole('list', { name: 'Life of the job' }).getByRole('listitem');
    await expect.poll(() => life.last().textContent()).toContain('Failed: provider_refused');
    expect((await life.allTextContents()).join()).toMatch(/Submitted.*Attempt 1 runs.*1 item of flashcards/);
    expect(await job.textContent()).toContain('Cost$0.00012');
    expect(await job.textContent()).not.toContain('Secret');
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Show its input…' }).click();
    await dialog.getByRole('button', { name: 'Show its input' }).click();
    await expect.poll(() => page.getByLabel('Input').textContent()).toContain('Secret');

    // All with that code again: asked once, with count and price.
    openai.mend();
    await page.goBack();
    await page.getByRole('button', { name: 'Retry all…' }).click();
    await dialog.getByText('Retry 3 jobs?').waitFor();
    expect(await dialog.textContent()).toMatch(/code provider_refused.*Price: \$0\.\d+ at most/);
    expect(await seriousFaults(page)).toEqual([]);
    expect((await stack.get('/api/queue/stats'))['counts']).toMatchObject({ failed: 4, completed: 0 });
    await dialog.getByRole('button', { name: 'Retry 3 jobs' }).click();
    await expect.poll(() => page.getByRole('status', { name: 'Run' }).textContent()).toContain('done, 3 of 3 jobs');
    await page.reload();
    await expect.poll(() => page.getByRole('status', { name: 'Run' }).textContent()).toContain('done, 3 of 3 jobs');
    await page.getByLabel('State').selectOption('completed');
    await page.getByLabel('Code').fill('');
    await page.getByRole('button', { name: 'Find' }).click();
    await expect.poll(() => rows('Jobs').count()).toBe(3);

    // What went nowhere, one by one.
    await view('Dead letters');
    await table('Dead letters').getByRole('button', { name: 'Replay: ' }).click();
    await dialog.getByRole('button', { name: 'Replay' }).click();
    await page.getByText('Nothing went nowhere.').waitFor();
    await expect.poll(async () => (await stack.get('/api/queue/stats'))['counts']).toMatchObject({ failed: 0, completed: 4 });

    // A pause that the user's page tells.
    await view('Overview');
    await table('Kinds').getByRole('button', { name: 'Pause: generate-flashcards' }).click();
    await dialog.getByLabel('Reason').fill('The model is being mended.');
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await expect.poll(() => rows('Pauses').allTextContents()).toEqual([expect.stringContaining('The model is being mended.')]);
    const { page: user } = await openPage(`${stack.url}/`);
    await user.getByRole('button', { name: 'Use an example' }).click();
    await user.getByRole('button', { name: 'Submit' }).click();
    await user.getByText('Paused by the operator: The model is being mended.').waitFor();
    await table('Pauses').getByRole('button', { name: 'Resume: kind generate-flashcards' }).click();
    await dialog.getByRole('button', { name: 'Resume' }).click();
    await expect.poll(() => user.locator('.state').textContent()).toBe('completed');
    await page.getByText('Nothing is paused.').waitFor();

    // A worker that takes no more jobs.
    await table('Workers')
      .getByRole('button', { name: /^Quiet: / })
      .click();
    await dialog.getByRole('button', { name: 'Quiet' }).click();
    await table('Workers').getByRole('button', { name: 'Unquiet: ' }).waitFor();
    await page.getByText('1 worker is quiet and takes no jobs.').waitFor();
    await table('Workers').getByRole('button', { name: 'Unquiet: ' }).click();
    await dialog.getByRole('button', { name: 'Unquiet' }).click();
    await table('Workers')
      .getByRole('button', { name: /^Quiet: / })
      .waitFor();

    // A user who submits no more.
    await view('Users');
    await page.getByRole('textbox', { name: 'User' }).fill('wild');
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByRole('button', { name: 'Block…' }).click();
    await dialog.getByLabel('Reason').fill('A script runs wild.');
    await dialog.getByRole('button', { name: 'Block' }).click();
    await expect.poll(() => rows('Users with terms').allTextContents()).toEqual([expect.stringMatching(/wildblockedA script runs wild./)]);
    await expect(stack.submit({ content: 'More.' }, { 'user-id': 'wild' })).rejects.toThrow('403');

    // All of it can be read afterwards, also on a phone in the dark.
    await view('Actions');
    const doings = async () => [...new Set(await rows('Actions').locator('td:nth-child(3)').allTextContents())]; // a run has an entry for its start and one for its end
    await expect.poll(doings).toEqual(['set user', 'unquiet', 'quiet', 'resume', 'pause', 'replay', 'retry jobs', 'read input']);
    expect(await actionsOf(stack)).toContain('ana: pause kind generate-flashcards: paused');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    for (const name of ['Actions', 'Jobs', 'Overview']) {
      await view(name);
      await rows(name === 'Overview' ? 'Kinds' : name)
        .first()
        .waitFor();
      expect([name, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([name, 390]);
      expect([name, await seriousFaults(page)]).toEqual([name, []]);
    }
    expect(complaints).toEqual([]);
  },
);
