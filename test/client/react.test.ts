/** Tests the hooks in a real React on a DOM, against a real server: nothing is lost over StrictMode, unmounting and remounting, and renders are few. */
import { act, render } from '@testing-library/react';
import { createElement, StrictMode } from 'react';
import { expect, test } from 'vitest';
import { createClient, type Job } from '../../client/src/index.ts';
import { useJob, useSubmit } from '../../client/src/react.ts';
import { type Dom, openDom } from '../support/dom.ts';
import { answerWith, card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { startStack, type Stack } from '../support/stack.ts'; // as processes: a vendor's SDK does not run beside a DOM

const clientOf = ({ url }: Stack) => createClient({ baseUrl: url, headers: { 'user-id': 'ana' } });
const CARDS = Array.from({ length: 30 }, (_, n) => card(n + 1));
const shownIn = ({ text }: Dom) => JSON.parse(text() || '{}') as Record<string, any>;

test('a component shows items as they come and the result; over an unmount and a remount in StrictMode nothing is lost', async () => {
  const dom = openDom();
  const shown = () => shownIn(dom);
  const goOn = latch();
  const openai = await startOpenAI(async (pen) => {
    const { open, cards, close } = pieces(CARDS);
    pen.text(open + cards[0]);
    await goOn.wait;
    pen.text(cards.slice(1).join('') + close);
    pen.finish('stop');
  });
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const job = await clientOf(stack).flashcards({ content: 'Notes.', count: 30 });
  let renders = 0;
  const View = ({ of }: { of: Job<'flashcards'> }) => {
    renders++;
    const { status, items, result, percent } = useJob(of);
    return createElement(
      'p',
      {},
      JSON.stringify({ status, percent, fronts: items.flashcards?.map(({ front }) => front), count: result?.flashcards.length }),
    );
  };
  const tree = createElement(StrictMode, {}, createElement(View, { of: job }));
  const first = render(tree);
  await dom.until(() => shown()['fronts']?.length === 1);
  expect(shown()['percent']).toBeGreaterThan(5); // it grows with the items
  first.unmount();
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
  goOn.open();
  render(tree);
  await dom.until(() => shown()['count'] === 30);
  expect(shown()).toMatchObject({ status: 'completed', fronts: CARDS.map(({ front }) => front) });
  expect(renders).toBeLessThan(30); // twice each in StrictMode; 30 items came together
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
});

test('a submission is watched from its start; what is refused is told, and the next one is taken', async () => {
  const dom = openDom();
  const shown = () => shownIn(dom);
  const openai = await startOpenAI(answerWith([card(1)]));
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const ai = clientOf(stack);
  let current: ReturnType<typeof useSubmit<'flashcards'>> | undefined;
  const View = () => {
    current = useSubmit(ai.flashcards);
    const { status, error, result, isSubmitting } = current;
    return createElement('p', {}, JSON.stringify({ status, code: error?.code, count: result?.flashcards.length, isSubmitting }));
  };
  render(createElement(StrictMode, {}, createElement(View)));
  await act(async () => current?.submit({ content: '' }));
  await dom.until(() => shown()['code'] === 'invalid_input');
  await act(async () => current?.submit({ content: 'Notes.' }));
  await dom.until(() => shown()['count'] === 1);
  expect(shown()).toMatchObject({ status: 'completed', isSubmitting: false });
  await act(async () => current?.reset());
  expect(shown()).toEqual({ status: 'idle', isSubmitting: false });
});
