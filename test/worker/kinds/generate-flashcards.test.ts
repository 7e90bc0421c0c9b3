/** What becomes of a model's cards: checked, never twice, never more than asked for. */
import { expect, test } from 'vitest';
import { answerWith, card, startOpenAI } from '../../support/openai.ts';
import { isEnd } from '../../support/sse.ts';
import { startStack } from '../../support/stack-in-process.ts';

async function run(cards: unknown[], count: number) {
  const openai = await startOpenAI(answerWith(cards));
  const stack = await startStack({ ...openai.env, JOB_ATTEMPTS: '1' });
  await stack.startWorker();
  const stream = await stack.watch(await stack.submit({ content: 'Notes.', count }));
  return { end: await stream.until(isEnd), openai };
}

test('cards that are invalid, asked twice or too many are left out', async () => {
  const cards = [
    card(1),
    { front: '', back: 'x' },
    { front: 'FRONT  1', back: 'again' },
    { front: 'no back' },
    'text',
    card(2),
    card(3),
    card(4),
  ];
  const { end } = await run(cards, 3);
  expect(end.data['result']).toEqual({ flashcards: [card(1), card(2), card(3)] });
});

test('an answer without a card that can be used is a failure', async () => {
  const { end } = await run([{ front: '' }], 3);
  expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'provider_bad_answer' } } });
});

test('fewer cards than asked for are a success: the model is told that short notes give few', async () => {
  const { end, openai } = await run([card(1)], 5);
  expect(end).toMatchObject({ event: 'completed', data: { result: { flashcards: [card(1)] } } });
  expect(openai.calls).toHaveLength(1);
});
