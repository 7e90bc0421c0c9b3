/** Tests the page in Chromium, against a real stack: what a visitor sees, over a reload and a lost connection, by keyboard and by axe. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { browserPath, seriousFaults, startBrowser } from '../support/browser.ts';
import { createDice } from '../support/dice.ts';
import { startFaultyProxy } from '../support/faulty-proxy.ts';
import { answerWith, card, startOpenAI } from '../support/openai.ts';
import { freePort } from '../support/ports.ts';
import { startProxy } from '../support/proxy.ts';
import { startReceiver, verified } from '../support/receiver.ts';
import { startStack } from '../support/stack-in-process.ts';
import { startSteppedModel } from '../support/stepped-model.ts';

const { openPage } = startBrowser();

const COUNT = 6;

test.skipIf(!browserPath)(
  'cards come one by one, over a reload, a lost connection and a lost network, and can be flipped and taken away',
  async () => {
    const model = await startSteppedModel(COUNT);
    const stack = await startStack(model.env);
    await stack.startWorker();
    const { port } = new URL(stack.url);
    const proxy = await startProxy(Number(port));
    const { page, complaints } = await openPage(`http://127.0.0.1:${proxy.port}/`);
    expect(await seriousFaults(page)).toEqual([]);

    await page.getByRole('button', { name: 'Use an example' }).click();
    await page.getByLabel('Cards at most').fill(String(COUNT));
    await page.getByRole('button', { name: 'Submit' }).press('Enter');
    model.write(2);
    const cards = page.locator('.card');
    const connection = page.getByRole('status', { name: 'Connection' });
    await expect.poll(() => cards.count()).toBe(2); // the first ones are there before the last one is written
    expect(await page.locator('.state').textContent()).toBe('active');
    await cards.first().click();
    expect(await cards.first().textContent()).toContain('back 1');

    await page.reload();
    await expect.poll(() => cards.count()).toBe(2);
    proxy.target(await freePort()); // nobody is there
    proxy.cut();
    model.write(4);
    await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
    await expect.poll(() => connection.textContent()).toMatch(/^No connection, next try in \d+ s$/);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Not cancelled: there is no connection').waitFor();
    proxy.target(Number(port));
    await expect.poll(() => cards.count()).toBe(4);
    await expect.poll(() => connection.textContent()).toBe('Connected');

    await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(2); // the job's, and that of all jobs
    await page.context().setOffline(true); // as the browser tells the page; what is open stays open, so it is cut
    proxy.cut();
    await expect.poll(() => connection.textContent()).toContain('No connection');
    await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
    model.write(5);
    await page.context().setOffline(false);
    await expect.poll(() => cards.count()).toBe(5);
    await expect.poll(() => connection.textContent()).toBe('Connected');
    model.write(COUNT);
    await expect.poll(() => page.locator('.state').textContent()).toBe('completed');
    expect(await cards.count()).toBe(COUNT);
    expect(await page.locator('.status').textContent()).toContain('150 tokens');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Anki' }).click();
    expect(
      readFileSync(await (await saved).path(), 'utf8')
        .split('\n')
        .slice(0, 3),
    ).toEqual(['#separator:tab', '#html:true', 'front 1\tback 1']);
    expect(await seriousFaults(page)).toEqual([]);
    const ofTheCut =
      /ERR_(INTERNET_DISCONNECTED|CONNECTION_(REFUSED|RESET|CLOSED)|SOCKET_NOT_CONNECTED|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|NETWORK)/;
    expect(complaints.filter((text) => !ofTheCut.test(text))).toEqual([]);
  },
);

test.skipIf(!browserPath)(
  "the browser's own EventSource stops at the end of a job and does not come back",

  async () => {
    const stack = await startStack();
    await stack.startWorker();
    const { page } = await openPage(`${stack.url}/`);
    const { streamUrl } = await stack.submit({ content: 'Hund: dog' });
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    const seen = await page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const events: string[] = [];
          const source = new EventSource(url);
          for (const name of ['status', 'item', 'live', 'completed']) source.addEventListener(name, () => events.push(name));
          source.addEventListener('error', () => source.readyState === EventSource.CLOSED && resolve(events));
        }),
      streamUrl as string,
    );
    expect([...new Set(seen as string[])].at(-1)).toBe('completed');
    expect(requests.filter((url) => url.includes('/events'))).toHaveLength(2); // the stream, and the 204 that ends it
  },
);

const SEEDS = 20;

test.skipIf(!browserPath)(
  `over ${SEEDS} networks that fail, the client in the browser has every item once and in order, and one job`,
  async () => {
    const openai = await startOpenAI(answerWith(Array.from({ length: COUNT }, (_, n) => card(n + 1))));
    const stack = await startStack({ ...openai.env, RATE_LIMIT_MAX: '1000' });
    await stack.startWorker();
    const { page } = await openPage(`${stack.url}/`);
    await page.goto(`${stack.url}/health`); // where no policy forbids the proxies
    for (let seed = 0; seed < SEEDS; seed++) {
      const proxy = await startFaultyProxy(stack.url, createDice(seed));
      const module = `${stack.url}/client/src/client.ts`;
      // As text: what the tests are run with would change an import in a function.
      const outcome = await page.evaluate(`(async () => {
      const { createClient } = await import('${module}');
      const ai = createClient({ baseUrl: '${proxy.url}', headers: { 'user-id': 'user-${seed}' }, heartbeatMs: 120, backoff: { firstMs: 5, mostMs: 40 } });
      const job = await ai.flashcards({ content: 'Notes.' });
      const fronts = [];
      for await (const event of job) {
        if (event.type === 'reset') fronts.length = 0;
        if (event.type === 'item') fronts.push(event.value.front);
      }
      return { fronts, count: (await job.result()).flashcards.length };
    })()`);
      expect([seed, outcome]).toEqual([seed, { fronts: Array.from({ length: COUNT }, (_, n) => card(n + 1).front), count: COUNT }]);
      expect((await stack.get('/api/jobs', { 'user-id': `user-${seed}` }))['jobs']).toHaveLength(1);
    }
  },
);

test.skipIf(!browserPath)(
  'more jobs than a browser opens connections can be submitted: only the one that is shown is followed',
  async () => {
    const model = await startSteppedModel(COUNT);
    const stack = await startStack(model.env);
    await stack.startWorker();
    const { page } = await openPage(`${stack.url}/`);
    for (let n = 1; n <= 8; n++) {
      await page.getByLabel('Notes').fill(`Notes ${n}.`);
      await page.getByRole('button', { name: 'Submit' }).click();
      await page.locator('pre', { hasText: `Notes ${n}.` }).waitFor({ state: 'attached' }); // its curl line
      await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(2); // the open job's, and that of all jobs
    }
  },
);

test.skipIf(!browserPath)('a problem is told in words; on a phone in the dark all is in reach', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const { page, complaints } = await openPage(`${stack.url}/`, { viewport: { width: 375, height: 740 }, colorScheme: 'dark' });
  await page.getByText('Lesson', { exact: true }).click();
  await page.getByRole('button', { name: 'Submit' }).click();
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('alert').textContent()).toContain('content');
  expect(await seriousFaults(page)).toEqual([]);
  const width = await page.evaluate('document.documentElement.scrollWidth');
  expect(width).toBeLessThanOrEqual(375);
  await page.getByRole('button', { name: 'Use an example' }).click();
  await page.getByRole('button', { name: 'Submit' }).click();
  await expect.poll(() => page.locator('.state').textContent()).toBe('completed');
  expect(await page.locator('.prose h3').count()).toBeGreaterThan(0);
  expect(complaints.filter((text) => !text.includes('400'))).toEqual([]); // the browser's own line for the refused request
});

test.skipIf(!browserPath)('a server can be told, and the page shows the secret and what became of it', async () => {
  const receiver = await startReceiver();
  const stack = await startStack({ WEBHOOK_SECRET: 'a secret of sixteen' });
  await stack.startWorker();
  const { page, complaints } = await openPage(`${stack.url}/`);
  await page.getByText('Tell a server when it is done').click();
  await page.getByLabel('Webhook (URL)').fill(receiver.url);
  await page.getByRole('button', { name: 'Show my secret' }).click();
  const secret = page.locator('code');
  await expect.poll(() => secret.textContent()).toMatch(/^whsec_/);
  await page.setViewportSize({ width: 390, height: 800 });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  await page.getByRole('button', { name: 'Use an example' }).click();
  await page.getByRole('button', { name: 'Submit' }).click();
  const [call] = await receiver.called(1);
  expect(verified((await secret.textContent()) ?? '', call!)['type']).toBe('job.completed');
  await page.getByText('Who was told').click();
  await expect
    .poll(async () => {
      await page.getByRole('button', { name: 'Look again' }).click();
      return page.locator('details li').allTextContents();
    })
    .toEqual([expect.stringMatching(/^webhook job.completed: delivered · .*: 204$/)]);
  expect(await seriousFaults(page)).toEqual([]);
  expect(complaints).toEqual([]);
});
