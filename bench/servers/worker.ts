/** Our worker as `npm run start:worker` starts it, with work that makes one card and needs no model. */
import { setTimeout as pause } from 'node:timers/promises';
import { flashcards } from '../../src/kinds/flashcards.ts';
import { createLog } from '../../src/log.ts';
import { readConfig, runProcess } from '../../src/process.ts';
import { implement } from '../../worker/handler.ts';
import { makeFlashcards } from '../../worker/kinds/generate-flashcards.ts';
import { startWorker } from '../../worker/start.ts';
import { defineVendor } from '../../worker/vendors/vendor.ts';
import { CARD, workMs } from './card.ts';

const FREE = { inputTokens: 0, outputTokens: 0, costUsd: 0 };
const author = { provider: 'instant' };

/** A vendor behind a circuit breaker, as those that call a model are. Its answer is there at once. */
const instant = defineVendor({
  name: author.provider,
  keys: [],
  variables: {},
  offers: (_, { guard }) => ({
    structuredAnswer: {
      available: true,
      author,
      answers: author.provider,
      work: guard(author.provider, async ({ take }, report) => {
        const call = await report.startCall(FREE, author);
        await report.begun();
        await take('flashcards', CARD);
        await call.settle(FREE);
        return 'whole' as const;
      }),
    },
  }),
});

/** The least that a handler can do for a card. */
const oneCard = implement(flashcards, async (_, context) => {
  if (workMs > 0) await pause(workMs);
  await context.item('flashcards', CARD, 50);
  return { flashcards: [CARD] };
});

const { HANDLER } = process.env;
const config = readConfig(process.env, 'worker', [instant]);
const log = await createLog('worker', config.logLevel);
const implementations = [HANDLER === 'flashcards' ? implement(flashcards, makeFlashcards) : oneCard];
const options = { config, log, version: 'bench', implementations, vendors: [instant] };
await runProcess(log, 1000, (parts, fail) => startWorker(options, parts, fail));
