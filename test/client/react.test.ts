/** Tests the hooks in a real React on a DOM, against a real server: nothing is lost over StrictMode, unmounting and remounting, and renders are few. */
import { act, cleanup, render } from '@testing-library/react';
import { Window } from 'happy-dom';
import { createElement, StrictMode } from 'react';
import { expect, onTestFinished, test } from 'vitest';
import { createClient, type Job } from '../../client/src/index.ts';
import { useJob, useSubmit } from '../../client/src/react.ts';
import { answerWith, card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { startStack, type Stack } from '../support/stack.ts'; // as processes: a vendor's SDK does not run beside a DOM

/** A DOM for this test; fetch and its like stay Node's. */
function openDom(): void {
  const window = new Window({ url: 'http://localhost/' });
  const own = globalThis as unknown as Record<string, unknown>;
  const before = { window: own['window'], document: own['document'] };
  Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });
  text = () => window.document.body.textContent;
  onTestFinished(async () => {
    cleanup();
    Object.assign(globalThis, before);
    await window.happyDOM.close();
  });
}

const clientOf = ({ url }: Stack) => createClient({ baseUrl: url, headers: { 'user-id': 'ana' } });
const CARDS = Array.from({ length: 30 }, (_, n) => card(n + 1));
let text = (): string => '';
const shown = () => JSON.parse(text() || '{}') as Record<string, any>;

/** Waits until what is shown fits, while React may work. */
async function until(fits: () => boolean): Promise<void> {
  await expect
    .poll(async () => {
      await act(() => new Promise<void>((resolve) => setTimeout(resolve, 10)));
      return fits();
    })
    .toBe(true);
}

test('a component shows items as they come and the result; over an unmount and a remount in StrictMode nothing is lost', async () => {
  openDom();
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
    const { status, items, result } = useJob(of);
    return createElement(
      'p',
      {},
      JSON.stringify({ status, fronts: items.flashcards?.map(({ front }) => front), count: result?.flashcards.length }),
    );
  };
  const tree = createElement(StrictMode, {}, createElement(View, { of: job }));
  const first = render(tree);
  await until(() => shown()['fronts']?.length === 1);
  first.unmount();
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
  goOn.open();
  render(tree);
  await until(() => shown()['count'] === 30);
  expect(shown()).toMatchObject({ status: 'completed', fronts: CARDS.map(({ front }) => front) });
  expect(renders).toBeLessThan(30); // twice each in StrictMode; 30 items came together
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
});

test('a submission is watched from its start; what is refused is told, and the next one is taken', async () => {
  openDom();
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
  await until(() => shown()['code'] === 'invalid_input');
  await act(async () => current?.submit({ content: 'Notes.' }));
  await until(() => shown()['count'] === 1);
  expect(shown()).toMatchObject({ status: 'completed', isSubmitting: false });
  await act(async () => current?.reset());
  expect(shown()).toEqual({ status: 'waiting', isSubmitting: false });
});
