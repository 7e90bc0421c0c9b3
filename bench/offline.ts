/** What the offline generator costs for texts that are made to be slow, and what they cost other users. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { z } from 'zod';
import { createOffline } from '../worker/vendors/offline.ts';
import { cardsFromText } from '../worker/vendors/offline/cards.ts';
import { normalText, shapes } from './shapes.ts';

const ROUNDS = 3;
/** The normal text is read again after so many shapes. */
const NORMAL_EVERY = 8;
const LENGTH = 100_000;
/** How many slow jobs run beside another user's. */
const BESIDE = 6;
/** The largest ratio that is accepted. */
const LIMIT = 5;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** The ms of the processor that the cards of a text take: a busy machine makes them no more. */
function timeOf(text: string): number {
  const start = process.cpuUsage();
  cardsFromText(text, 50);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

const normal = normalText(LENGTH);
const texts = Object.entries(shapes).map(([name, shape]) => ({ name, text: shape(LENGTH).slice(0, LENGTH) }));
for (let warm = 0; warm < 3; warm++) timeOf(normal);

const base: number[] = [];
const taken = new Map<string, number[]>(texts.map(({ name }) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [place, { name, text }] of texts.entries()) {
    if (place % NORMAL_EVERY === 0) base.push(timeOf(normal));
    taken.get(name)?.push(timeOf(text));
  }
}
const unit = median(base);
const ratios = texts.map(({ name }) => ({ name, ratio: median(taken.get(name) ?? []) / unit })).toSorted((a, b) => b.ratio - a.ratio);

type Write = ReturnType<typeof createOffline>;

/** Asks for cards of a text; `take` is told of each. */
function write(offline: Write, content: string, take: () => void, signal: AbortSignal): Promise<unknown> {
  return offline(
    {
      kind: 'generate-flashcards',
      input: {},
      schema: z.object({}),
      lists: { flashcards: { wanted: 50, itemLength: 4000 } },
      instructions: '',
      material: { content, alreadyAsked: [] },
      take: async () => (take(), 'new'),
      whole: () => {},
    },
    { begun: () => {}, startCall: async () => ({ note: () => {}, settle: async () => {} }) },
    signal,
  );
}

/** The ms until the first card of a small text, in the generator that a worker has. */
async function firstCard(offline: Write): Promise<number> {
  const start = performance.now();
  await write(offline, 'Hund: dog', () => {}, new AbortController().signal);
  return performance.now() - start;
}

/** Keeps as many slow jobs running as there are to run, until it is told to stop. */
function startSlow(offline: Write): () => Promise<unknown> {
  const stop = new AbortController();
  const slowest = ratios.slice(0, BESIDE).map(({ name }) => texts.find((shape) => shape.name === name)?.text ?? normal);
  const lanes = slowest.map(async (content) => {
    while (!stop.signal.aborted) await write(offline, content, () => {}, stop.signal).catch(() => {}); // unusable, or stopped
  });
  return () => (stop.abort(), Promise.allSettled(lanes));
}

/** First cards alone and beside slow jobs, in turns. Also how long the process did not answer, at most. */
async function compareFirstCards(): Promise<{ alone: number; beside: number; deafMs: number }> {
  const provider = createOffline();
  await firstCard(provider); // the thread is there now
  const alone: number[] = [];
  const beside: number[] = [];
  let deafMs = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let n = 0; n < 10; n++) alone.push(await firstCard(provider));
    const stop = startSlow(provider);
    let last = performance.now();
    const beat = setInterval(() => {
      deafMs = Math.max(deafMs, performance.now() - last - 5);
      last = performance.now();
    }, 5);
    for (let n = 0; n < 10; n++) beside.push(await firstCard(provider));
    clearInterval(beat);
    await stop();
  }
  return { alone: median(alone), beside: median(beside), deafMs };
}

const first = await compareFirstCards();
const over = ratios.filter(({ ratio }) => ratio > LIMIT);
const text = `# What the offline generator costs

\`npm run bench -- offline\`: ${texts.length} shapes of ${LENGTH.toLocaleString('en')} characters that are made to be slow, against a normal
text of that length, ${ROUNDS} rounds, medians of processor time, Node ${process.versions.node}, ${cpus().length} cores. A normal text takes ${unit.toFixed(0)} ms. ${
  over.length === 0 ? `No shape takes more than ${LIMIT} times that.` : `OVER ${LIMIT} TIMES: ${over.map(({ name }) => name).join(', ')}.`
}

| shape | times a normal text |
|---|---|
${ratios.map(({ name, ratio }) => `| ${name} | ${ratio.toFixed(2)} |`).join('\n')}

Another user's first card takes ${first.alone.toFixed(1)} ms alone, and ${first.beside.toFixed(1)} ms beside ${BESIDE} jobs of the slowest shapes, which run all the
time on ${cpus().length} cores: ${(first.beside / first.alone).toFixed(1)} times. The process that answers health checks was silent for ${first.deafMs.toFixed(0)} ms at most.
`;
writeFileSync(new URL('results/offline.md', import.meta.url), text);
process.stdout.write(text);
