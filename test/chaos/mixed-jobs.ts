/** Jobs of all kinds, each at a vendor's stand-in that fails some of them once: with files, children and webhooks. */
import { readFileSync } from 'node:fs';
import { startAzureSpeech, findGood } from '../support/azure-speech.ts';
import { analysed, startAzureVision } from '../support/azure-image.ts';
import { made } from '../support/lesson.ts';
import { card, pieces, startOpenAI } from '../support/openai.ts';
import { refuse, speak, startPolly } from '../support/polly.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { sendJson } from '../support/vendor-server.ts';
import { pass } from '../support/waits.ts';

const fileOf = (name: string) => readFileSync(new URL(`../../scripts/smoke/${name}`, import.meta.url));
const [PICTURE, RECORDING] = [fileOf('water.png'), fileOf('water.ogg')];

/** How many cards a job of flashcards has, and how long a model writes at one, in ms. */
const CARDS = 8;
const CARD_MS = 20;

/**
 * One of so many jobs of a kind meets a vendor that is overloaded. Of flashcards and lessons as many are cut off in the middle, and as many
 * fail for good, until they are retried.
 */
const FAULTY = 5;

/** An accepted job, and whose it is. */
export type MixedJob = { job: Record<string, any>; user: string };

/** All that such jobs need outside of ai-jobs. */
export type Surroundings = {
  /** The variables of processes that use the stand-ins. */
  env: Record<string, string>;
  receiver: Receiver;
  /** Resolves once models have begun so many more answers. */
  begun(count: number): Promise<void>;
};

/** Starts the stand-ins and the receiver of webhooks. They go with the test. */
export async function startSurroundings(): Promise<Surroundings> {
  let answers = 0;
  const waiting = new Set<() => void>();
  const met = new Set<string>();
  /** Whether this call is to fail: the first one for a job, of some jobs. `text` ends in the job's number. */
  const fails = (text: string, remainder = 0): boolean => {
    const number = Number(/(\d+)\D*$/.exec(text)?.[1] ?? 1);
    const key = `${text} ${remainder}`;
    if (number % FAULTY !== remainder || met.has(key)) return false;
    met.add(key);
    return true;
  };

  const openai = await startOpenAI(async (pen, { material }) => {
    answers++;
    waiting.forEach((look) => look());
    const text = String(material['topic'] ?? material['content']);
    if (fails(text)) return pen.fail(503, { error: { message: 'overloaded' } });
    if (fails(text, 2)) return pen.fail(402, { error: { message: 'no credit is left', code: 'insufficient_quota' } });
    const isCut = fails(text, 1);
    const wanted = material['wanted'] as Record<string, number> | undefined;
    const parts = wanted
      ? [
          '{"title":"A title","language":"en"',
          ...Object.entries(wanted).map(
            ([list, count]) =>
              `,"${list}":${JSON.stringify(made(list as 'sections', count, 1 + (material['there']?.[list]?.length ?? 0)))}`,
          ),
          '}',
        ]
      : cardsOf(Number(material['count']), material['alreadyAsked'].length);
    for (const [n, part] of parts.entries()) {
      if (isCut && n === 3) return pen.cut();
      await pass(CARD_MS);
      pen.text(part);
    }
    pen.finish('stop', { prompt_tokens: 100, completion_tokens: 50 });
  });
  const vision = await startAzureVision((response, _, n) =>
    fails(`picture ${n}`)
      ? sendJson(response, 503, { error: { code: '503', message: 'busy' } })
      : sendJson(response, 200, analysed([`Water is wet ${n}, and boils at 100 degrees.`])),
  );
  const speech = await startAzureSpeech((response, call, n) =>
    fails(`recording ${n}`) ? sendJson(response, 503, {}) : findGood(response, call, n),
  );
  const polly = await startPolly((response, call, n) =>
    fails(`part ${n}`) ? refuse(response, 503, 'ServiceUnavailableException', 'busy') : speak(response, call),
  );
  const receiver = await startReceiver();
  return {
    env: { ...openai.env, ...vision.env, ...speech.env, ...polly.env, BREAKER_FAILURES: '1000', WEBHOOK_SECRET: 'a secret of sixteen' },
    receiver,
    begun(count) {
      const all = answers + count;
      return new Promise((resolve) => {
        const look = () => {
          if (answers < all) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    },
  };
}

function cardsOf(count: number, had: number): string[] {
  const { open, cards, close } = pieces(Array.from({ length: count }, (_, n) => card(had + n + 1)));
  return [open, ...cards, close];
}

/** Ways to submit the nth job of a kind: its path and its body, with where its end is told. */
const requests: ((n: number, callbackUrl: string) => { path: string; body: FormData | object })[] = [
  (n, callbackUrl) => ({ path: '/api/ai/generate-flashcards', body: { content: `Notes ${n}`, count: CARDS, callbackUrl } }),
  (n, callbackUrl) => ({ path: '/api/ai/generate-lesson', body: { topic: `Topic ${n}`, sections: 2, level: 'B1', callbackUrl } }),
  (n, callbackUrl) => {
    const body = form('image', PICTURE, { languages: 'en', callbackUrl });
    if (n % 2 === 0) body.set('then', 'flashcards'); // a child
    return { path: '/api/process-image', body };
  },
  (_, callbackUrl) => ({
    path: '/api/pronunciation-assess',
    body: form('audio', RECORDING, { referenceText: 'Water boils at one hundred degrees.', callbackUrl }),
  }),
  (n, callbackUrl) => ({
    path: '/api/ai/generate-audio',
    body: { text: [`Text ${n} goes on`, 'and'].map((text) => `${text.padEnd(2000, ' and on')}.`).join(' '), format: 'wav', callbackUrl },
  }),
];

/** How many users there are. */
const USERS = 4;

/** How often a submission is repeated that a proxy could not hand over, because its API stopped. */
const REPEATS = 5;

/** Submits the nth job, each of another kind than the one before. Its key makes one job of what is repeated. */
export async function submitMixed(url: string, n: number, { receiver }: Surroundings): Promise<MixedJob> {
  const user = `user-${n % USERS}`;
  const { path, body } = (requests[n % requests.length] as (typeof requests)[0])(Math.floor(n / requests.length), receiver.url);
  const isForm = body instanceof FormData;
  const headers = { 'user-id': user, 'idempotency-key': `job-${n}`, ...(!isForm && { 'content-type': 'application/json' }) };
  for (let time = 0; ; time++) {
    const response = await fetch(url + path, { method: 'POST', headers, body: isForm ? body : JSON.stringify(body) });
    const text = await response.text();
    if (response.status === 202) return { job: JSON.parse(text) as Record<string, any>, user };
    if (response.status !== 502 || time === REPEATS) throw new Error(`${path} was answered ${response.status}: ${text}`);
  }
}

function form(field: string, bytes: Uint8Array, texts: Record<string, string>): FormData {
  const made = new FormData();
  for (const [name, value] of Object.entries(texts)) made.set(name, value);
  made.set(field, new Blob([new Uint8Array(bytes)]), 'file.bin');
  return made;
}
