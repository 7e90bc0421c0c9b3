/** A model that writes at a pace and keeps the bill: which cards it wrote, for which material, in which call. */
import { card, pieces, startOpenAI } from '../support/openai.ts';
import { pass } from '../support/waits.ts';

/** A call, with what became of it so far. */
export type PacedCall = {
  /** The material's text, which tells jobs apart. */
  content: string;
  /** How many cards the job had when it asked. */
  had: number;
  /** How many it asked for. */
  wanted: number;
  /** How many were written. */
  written: number;
  /** Whether the client went before the end, or was cut off. */
  broken: boolean;
};

/** What is to become of a call: the whole answer, a 503 at once, or a cut after so many cards. */
export type Fate = 'whole' | 'refused' | { cutAfter: number };

/** What a model is made with. */
export type ModelOptions = {
  /** The time it takes for a card, in ms. */
  cardMs: number;
  /** Resolves when the next card of a call may be written; without it only the time counts. */
  mayGoOn?: (call: PacedCall) => Promise<void>;
  /** Decides each call's fate, before a word of it is written; without it all are answered whole. */
  fate?: (call: PacedCall) => Fate | Promise<Fate>;
};

/** A running model. */
export type Model = {
  env: Record<string, string>;
  calls: PacedCall[];
  /** How many cards it has written, in all calls together. */
  written(): number;
  /** Resolves once it has written so many. */
  hasWritten(cards: number): Promise<void>;
};

/** Starts a model; it stops with the test. */
export async function startModel({ cardMs, mayGoOn = async () => {}, fate = () => 'whole' }: ModelOptions): Promise<Model> {
  const calls: PacedCall[] = [];
  const waiting = new Set<() => void>();
  const written = () => calls.reduce((sum, call) => sum + call.written, 0);

  const { env } = await startOpenAI(async (pen, { material, dropped }) => {
    const had = (material['alreadyAsked'] as string[]).length;
    const call = { content: String(material['content']), had, wanted: Number(material['count']), written: 0, broken: false };
    calls.push(call);
    void dropped.then(() => (call.broken = true));
    const end = await fate(call);
    if (end === 'refused') return pen.fail(503, { error: { message: 'overloaded' } });

    const { open, cards, close } = pieces(Array.from({ length: call.wanted }, (_, n) => card(had + n + 1)));
    pen.text(open);
    for (const text of cards) {
      if (typeof end === 'object' && call.written === end.cutAfter) return pen.cut();
      await pass(cardMs); // it thinks
      await mayGoOn(call);
      if (call.broken) return;
      pen.text(text);
      call.written++;
      waiting.forEach((look) => look());
    }
    pen.text(close);
    pen.finish('stop', { prompt_tokens: 100, completion_tokens: 10 * call.written });
  });

  const hasWritten = (cards: number): Promise<void> =>
    new Promise((resolve) => {
      const look = () => {
        if (written() < cards) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { env, calls, written, hasWritten };
}
