/** A model that writes card after card in its own time, and keeps the bill. */
import { setTimeout as pause } from 'node:timers/promises';
import { card, pieces, startOpenAI, type Call, type Pen } from '../support/openai.ts';

/** A seeded generator of numbers in [0, 1): mulberry32, so that a failure comes again. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a test does with the n-th call before the answer begins: true if it has answered itself. */
type Before = (pen: Pen, call: Call, n: number) => unknown;

/** What it does after each card of a call. */
type After = (written: number, pen: Pen, call: Call) => unknown;

/** Starts the model: a card each `msPerCard`, stopping where its caller is gone. */
export async function startModel(msPerCard: number, { before, after }: { before?: Before; after?: After } = {}) {
  const bill = { cards: 0 };
  const openai = await startOpenAI(async (pen, call, n) => {
    if ((await before?.(pen, call, n)) === true) return;
    let gone = false;
    void call.dropped.then(() => (gone = true));
    const known = call.material['alreadyAsked'].length as number;
    const wanted = Array.from({ length: Number(call.material['count']) }, (_, index) => card(known + index + 1));
    const { open, cards, close } = pieces(wanted);
    pen.text(open);
    for (const [index, text] of cards.entries()) {
      await pause(msPerCard);
      if (gone) return;
      pen.text(text);
      bill.cards++;
      if ((await after?.(index + 1, pen, call)) === true) return;
    }
    pen.text(close);
    pen.finish('stop', { prompt_tokens: 10, completion_tokens: 10 * wanted.length });
  });
  return { ...openai, bill };
}
