/** Models that never stop: no more is paid for than brings something, what was finished is kept, and a whole answer is never thrown away. */
import { expect, test } from 'vitest';
import { answerWith, card, endless, pieces, startOpenAI, type Answer, type Call } from '../../support/openai.ts';
import { isEnd } from '../../support/sse.ts';
import { startStack } from '../../support/stack-in-process.ts';

/** After an answer is whole the model may write so many more pieces. */
const TAIL = 64;

/** Runs one job against a model; `JOB_ATTEMPTS` is 1, so that nothing is made good by another attempt. */
async function run(answer: Answer, count: number, env: Record<string, string> = {}) {
  const openai = await startOpenAI(answer);
  const stack = await startStack({ ...openai.env, JOB_ATTEMPTS: '1', JOB_TIMEOUT_MS: '15000', ...env });
  await stack.startWorker();
  const end = await (await stack.watch(await stack.submit({ content: 'Notes.', count }))).until(isEnd);
  await Promise.all(openai.calls.map(({ over }) => over));
  return { end, calls: openai.calls };
}

const cards = (n: number, from = 1) => Array.from({ length: n }, (_, index) => card(from + index));

/** Opens an answer with some cards, in one piece. */
const opening = (n: number, from = 1) => pieces(cards(n, from)).open + pieces(cards(n, from)).cards.join('');

const missing = ({ material }: Call) => [material['count'], material['alreadyAsked'].length];

const SLOW = 20; // ms a piece: slower than any machine is late

test('items past the count: the job has what it asked for, and the model is stopped', async () => {
  const { end, calls } = await run(
    (pen, call) => endless(call, (n) => pen.text((n > 0 ? ',' : pieces([]).open) + JSON.stringify(card(n + 1))), SLOW),
    5,
  );
  expect(end).toMatchObject({ event: 'completed', data: { result: { flashcards: cards(5) }, usage: { estimated: true } } });
  expect(calls).toHaveLength(1);
  expect(calls[0]?.sent()).toBeLessThanOrEqual(5 + TAIL);
});

const chatter: [name: string, close: string, piece: string][] = [
  ['chatter', ']}', ' Shall I make more?'],
  ['a fence and white space', ']}\n```', '\n'],
  ['another answer, and another', ']}', '{"flashcards":[{"front":"x","back":"y"}]}'],
];

test.each(chatter)('%s after a whole answer, without an end: the answer counts', async (_, close, piece) => {
  const endlessly: Answer = (pen, call) => {
    pen.text(opening(3) + close);
    return endless(call, () => pen.text(piece), SLOW);
  };
  const { end, calls } = await run(endlessly, 10);
  expect(end).toMatchObject({ event: 'completed', data: { result: { flashcards: cards(3) } } });
  expect(calls).toHaveLength(1);
  expect(calls[0]?.sent()).toBeLessThanOrEqual(1 + TAIL);
});

test('the same card again and again: what there is of others is asked for once more, then the list is what it is', async () => {
  const { end, calls } = await run((pen, call) => {
    pen.text(opening(3));
    return endless(call, () => pen.text(`,${JSON.stringify(card(3))}`), SLOW);
  }, 10);
  expect(end).toMatchObject({ event: 'completed', data: { result: { flashcards: cards(3) }, usage: { estimated: true } } });
  expect(calls.map(missing)).toEqual([
    [10, 0],
    [7, 3],
  ]);
  for (const call of calls) expect(call.sent()).toBeLessThanOrEqual(1 + 10 + TAIL);
});

test('a model that goes round in circles and then finds the rest loses nothing', async () => {
  const { end, calls } = await run((pen, call, n) => {
    if (n > 1) return answerWith()(pen, call, n);
    pen.text(opening(3));
    return endless(call, (k) => pen.text(`,${JSON.stringify(card(1 + (k % 3)))}`), SLOW);
  }, 5);
  expect(end).toMatchObject({ event: 'completed', data: { result: { flashcards: cards(5) } } });
  expect(calls).toHaveLength(2);
});

const leadNowhere: [name: string, piece: string, maxPieces: number][] = [
  ['white space', '\n', 1 + 500],
  ['white space inside of a value', '  ', 1 + 500],
  ['a text without an end', 'word '.repeat(200), 1 + 500],
];

test.each(leadNowhere)('%s is no progress: the rest is asked for anew, in the same attempt', async (name, piece, most) => {
  const endlessly: Answer = (pen, call, n) => {
    if (n > 1) return answerWith()(pen, call, n);
    pen.text(opening(2) + (name === 'white space' ? '' : ',{"front":"'));
    return endless(call, () => pen.text(piece), SLOW);
  };
  const { end, calls } = await run(endlessly, 4, { OPENAI_IDLE_TIMEOUT_MS: '1000' });
  expect(end).toMatchObject({ event: 'completed', data: { result: { flashcards: cards(4) } } });
  expect(calls.map(missing)).toEqual([
    [4, 0],
    [2, 2],
  ]);
  expect(calls[0]?.sent()).toBeLessThanOrEqual(most);
});

test('prose without an end and without an answer: a failure, soon', async () => {
  const { end, calls } = await run((_pen, call) => endless(call, () => _pen.text('Let me think about it. '), 2), 3);
  expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'provider_bad_answer' }, usage: { estimated: true } } });
  expect(calls[0]?.sent()).toBeLessThanOrEqual(4096 / 23 + TAIL);
});

test('a model that thinks without an end is stopped at the cap on tokens', async () => {
  const { end, calls } = await run((pen, call) => endless(call, () => pen.thought('hmm '), SLOW), 3, { OPENAI_MAX_TOKENS: '50' });
  expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'provider_cut_off' }, usage: { estimated: true } } });
  expect(end.data['usage'].outputTokens).toBeGreaterThanOrEqual(50);
  expect(calls[0]?.body['max_completion_tokens']).toBe(50);
  expect(calls[0]?.sent()).toBeLessThanOrEqual(50 + TAIL);
});

test('an answer that ends by length goes on from the item it had, in the same attempt, as long as there is progress', async () => {
  const { end, calls } = await run((pen, call) => {
    const { alreadyAsked } = call.material as { alreadyAsked: string[] };
    pen.text(`${opening(2, alreadyAsked.length + 1)},{"front":"half`);
    pen.finish('length', { prompt_tokens: 100, completion_tokens: 20 });
  }, 6);
  expect(end).toMatchObject({
    event: 'completed',
    data: { result: { flashcards: cards(6) }, usage: { inputTokens: 300, outputTokens: 60 } },
  });
  expect(end.data['usage']).not.toHaveProperty('estimated');
  expect(calls.map(missing)).toEqual([
    [6, 0],
    [4, 2],
    [2, 4],
  ]);
});

test('an answer that gives one item at a time does not go on for ever: the attempt fails, with its items', async () => {
  const { end, calls } = await run((pen, call) => {
    pen.text(`${opening(1, call.material['alreadyAsked'].length + 1)},{`);
    pen.finish('length');
  }, 50);
  expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'provider_cut_off' } } });
  expect(calls).toHaveLength(8);
});

test("a whole answer is no timeout, though the attempt's time is up while the bill is waited for", async () => {
  const { end } = await run(
    (pen, call) => {
      pen.text(`${opening(2)}]}`);
      return endless(call, () => pen.text(' '), 100); // so slowly that all of the 800 ms are waited
    },
    9,
    { JOB_TIMEOUT_MS: '750' },
  );
  expect(end).toMatchObject({ event: 'completed', data: { result: { flashcards: cards(2) } } });
});
