/** Tests the example for Expo as a user meets it: cards come, over the background, a lost network and a killed app, and problems are told in words. */
import { readFileSync } from 'node:fs';
import { act, cleanup, fireEvent, render } from '@testing-library/react';
import { type ComponentType, createElement } from 'react';
import { expect, test } from 'vitest';
import type { Client } from '../../client/src/client.ts';
import { AiJobsProvider } from '../../client/src/react.ts';
import { openDom } from '../support/dom.ts';
import { startAzureSpeech } from '../support/azure-speech.ts';
import { startExpo } from '../support/expo.ts';
import { card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { announced, changeNetwork, kept, moveApp, pressNotification, streamed } from '../support/phone.ts';
import { freePort } from '../support/ports.ts';
import { startProxy } from '../support/proxy.ts';
import { startStack } from '../support/stack.ts'; // as processes: a vendor's SDK does not run beside a DOM
import { ANA, startProject } from '../support/supabase.ts';

const COUNT = 4;
const EXAMPLE = '../../examples/expo'; // by its name: it is compiled with the settings of an app

test('what the handbook shows of the screen stands in its file', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const [, excerpt = ''] = /```tsx\n([^`]+)```/.exec(read('docs/handbook/phones.md')) ?? [];
  const lines = (text: string) => text.trim().replaceAll(/\n\s+/g, '\n');
  expect(excerpt).toContain('job.pause()');
  expect(lines(read('examples/expo/FlashcardsScreen.tsx'))).toContain(lines(excerpt));
});

test('the screen goes on after the background, a lost network and a killed app; a job is cancelled, and a refusal is told', async () => {
  const { FlashcardsScreen } = (await import(`${EXAMPLE}/FlashcardsScreen.tsx`)) as { FlashcardsScreen: ComponentType };
  const { createAi } = (await import(`${EXAMPLE}/ai.ts`)) as { createAi(baseUrl: string, supabase: object): Client };
  const steps = Array.from({ length: COUNT }, latch);
  const openai = await startOpenAI(async (pen) => {
    const { open, cards } = pieces(Array.from({ length: COUNT }, (_, n) => card(n + 1)));
    pen.text(open);
    for (const [n, text] of cards.entries()) {
      await steps[n]?.wait;
      pen.text(text);
    }
  });
  const project = await startProject();
  const stack = await startStack({ ...openai.env, ...project.env, ...(await startExpo()).env });
  await stack.startWorker();
  const port = Number(new URL(stack.url).port);
  const proxy = await startProxy(port);
  const noFollower = async () => {
    await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
  };

  const dom = openDom();
  const supabase = { auth: { getSession: async () => ({ data: { session: { access_token: await project.token(ANA) } } }) } };
  const ai = createAi(`http://127.0.0.1:${proxy.port}`, supabase);
  const screen = () => render(createElement(AiJobsProvider, { client: ai }, createElement(FlashcardsScreen)));
  let view = screen();
  const press = (name: string) => fireEvent.click(view.getByRole('button', { name }));
  const cards = () => dom.text().match(/front \d/g) ?? [];
  const write = async (n: number) => {
    steps[n - 1]?.open();
    await dom.until(() => cards().length === n);
  };

  fireEvent.input(view.getByLabelText('Your notes'), { target: { value: '!!!' } });
  press('Make flashcards');
  await dom.until(() => view.queryByRole('alert') !== null);
  fireEvent.input(view.getByLabelText('Your notes'), { target: { value: 'Notes.' } });
  press('Make flashcards');
  await write(1);
  expect(view.queryByRole('alert')).toBeNull();
  expect(dom.text()).toContain('Making cards');
  fireEvent.click(view.getByText('front 1'));
  expect(dom.text()).toContain('back 1');
  fireEvent.click(view.getByText('back 1'));

  moveApp('background');
  await noFollower();
  moveApp('active');
  await write(2);

  proxy.target(await freePort()); // nobody is there
  proxy.cut();
  await noFollower();
  proxy.target(port);
  changeNetwork({ isConnected: true });
  await write(3);

  cleanup(); // the phone kills the app
  await noFollower();
  view = screen();
  await dom.until(() => cards().length === 3);
  expect(cards()).toEqual(['front 1', 'front 2', 'front 3']);

  await act(async () => press('Cancel'));
  await dom.until(() => dom.text().includes('Cancelled'));
  expect(announced).toEqual([expect.stringContaining('Cancelled')]);
  expect(cards()).toHaveLength(3);
  press('New cards');
  expect(view.getByLabelText('Your notes')).toBeDefined();
  expect(kept.size).toBe(0);
  expect(streamed.some((url) => url.includes('/events'))).toBe(true);
});

test('the app makes cards of a picture, assesses a recording, lists its jobs, and opens the one of a notification', async () => {
  const { App } = (await import(`${EXAMPLE}/App.tsx`)) as { App: ComponentType<{ ai: object }> };
  const { createAiOf } = (await import(`${EXAMPLE}/ai.ts`)) as { createAiOf(user: string, baseUrl: string): object };
  const speech = await startAzureSpeech();
  const stack = await startStack({ ...speech.env, ...(await startExpo()).env });
  await stack.startWorker();
  kept.clear();
  const dom = openDom();
  const view = render(createElement(App, { ai: createAiOf('ana', stack.url) }));
  const press = (name: string) => fireEvent.click(view.getByRole('button', { name }));

  press('Camera');
  press('Take the picture');
  await dom.until(() => dom.text().includes('Your cards are ready.'));
  expect(view.queryAllByRole('button', { name: /boil/ })).not.toEqual([]);

  press('Recording');
  press('Record');
  await dom.until(() => view.queryByRole('button', { name: 'Stop' }) !== null);
  press('Stop');
  await dom.until(() => dom.text().includes('of 100'));
  expect(dom.text()).toContain('water: 98');

  press('Cards');
  await dom.until(() => view.queryByRole('button', { name: 'New cards' }) !== null);
  press('New cards');
  fireEvent.input(view.getByLabelText('Your notes'), { target: { value: 'Hund: dog' } });
  press('Make flashcards');
  await dom.until(() => view.queryByRole('button', { name: 'Hund' }) !== null);

  press('Jobs');
  await dom.until(() => dom.text().includes('Hund: dog: ready') && dom.text().includes('Picture: ready'));
  const [{ id }] = JSON.parse(kept.get('jobs') ?? '') as [{ id: string }];
  press('Open Picture');
  await dom.until(() => view.queryAllByRole('button', { name: /boil/ }).length > 0);
  await act(async () => pressNotification({ jobId: id }));
  await dom.until(() => view.queryByRole('button', { name: 'Hund' }) !== null);

  press('Jobs');
  await dom.until(() => view.queryByRole('button', { name: 'Erase Picture' }) !== null);
  press('Erase Picture');
  await dom.until(() => !dom.text().includes('Picture: '));
  expect(kept.get('jobs')).toBe(JSON.stringify([{ id, title: 'Hund: dog' }]));
});
