/** A model that writes a card each time the test lets it, for tests of what is seen while a job runs. */
import { card, latch, pieces, startOpenAI } from './openai.ts';

/**
 * Starts it. `write`: lets it write its first cards, up to this number; its answer ends with the last one. Asked again for what is
 * missing, it goes on behind the cards that are there.
 */
export async function startSteppedModel(count: number): Promise<{ env: Record<string, string>; write(upTo: number): void }> {
  const steps = Array.from({ length: count }, latch);
  const openai = await startOpenAI(async (pen, { material }) => {
    const made: number = material['alreadyAsked']?.length ?? 0;
    const { open, cards, close } = pieces(Array.from({ length: count - made }, (_, n) => card(made + n + 1)));
    pen.text(open);
    for (const [n, text] of cards.entries()) {
      await steps[made + n]?.wait;
      pen.text(text);
    }
    pen.text(close);
    pen.finish('stop', { prompt_tokens: 100, completion_tokens: 50 });
  });
  return { env: openai.env, write: (upTo) => steps.slice(0, upTo).forEach(({ open }) => open()) };
}
