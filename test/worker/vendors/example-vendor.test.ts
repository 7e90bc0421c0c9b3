/** The vendor that the how-to shows does what the how-to says: each capability is asked once, against a local server. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { Offers } from '../../../worker/vendors/vendor.ts';
import { createAddCost, createFindPrice } from '../../../worker/prices.ts';
import { calm, keepReport } from '../../support/capability.ts';
import { example } from '../../support/example-vendor.ts';
import { request } from '../../support/ask.ts';

/** What the server answers, by path. */
const ANSWERS: Record<string, unknown> = {
  '/write': { text: '{"flashcards":[{"front":"Hund","back":"dog"}]}', inputTokens: 1_000_000, outputTokens: 0 },
  '/read': { width: 20, height: 10, lines: [{ text: 'one' }, { text: 'two' }] },
  '/assess': { text: 'water', accuracy: 90 },
  '/speak': 'pcm!',
};

/** The offers of the vendor with a key, as a worker has them. `status`: of the server's answers. */
async function offers(status = 200): Promise<Offers> {
  const server = createServer((asked, answer) => {
    answer.writeHead(status);
    answer.end(JSON.stringify(status === 200 ? ANSWERS[asked.url ?? ''] : { error: { code: 'rate_limit_exceeded' } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const variables = {
    EXAMPLE_KEY: 'key',
    EXAMPLE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    EXAMPLE_TIMEOUT_MS: 5000,
  };
  return example.offers(variables, { guard: (_, work) => work, findProgram: () => undefined, warn: () => {} });
}

/** The work of an offer that is there. */
async function workOf<Name extends keyof Offers>(name: Name, status?: number) {
  const offer = (await offers(status))[name];
  if (!offer?.available) return expect.fail(`${name} is not offered`);
  return offer.work as Extract<NonNullable<Offers[Name]>, { available: true }>['work'];
}

const addCost = createAddCost(createFindPrice([example]));

/** What the one call that was reported costs. */
const costOfCall = ([call]: ReturnType<typeof keepReport>['calls']) => call?.used && addCost(call.used, call.author).costUsd;

test('a structured answer hands on each piece, and is billed by tokens', async () => {
  const { report, calls } = keepReport();
  const taken: unknown[] = [];
  const take = async (_: string, value: unknown) => (taken.push(value), 'new' as const);
  const asked = { ...request, schema: z.object({}), take };
  expect(await (await workOf('structuredAnswer'))(asked, report, calm)).toBe('whole');
  expect(taken).toEqual([{ front: 'Hund', back: 'dog' }]);
  expect(costOfCall(calls)).toBe(2);
});

test('text in an image is billed by images', async () => {
  const { report, calls } = keepReport();
  const image = { bytes: Buffer.from('image'), type: 'image/png' };
  const asked = { image, languages: ['en'], started: undefined, keepStarted: () => {} };
  expect(await (await workOf('imageText'))(asked, report, calm)).toMatchObject({ text: 'one\ntwo', width: 20, height: 10 });
  expect(costOfCall(calls)).toBe(0.0015);
});

test('an assessment of speech is billed by seconds', async () => {
  const { report, calls } = keepReport();
  const audio = { bytes: Buffer.from('audio'), facts: { type: 'audio/wav', durationMs: 35_500 } };
  const asked = { audio, referenceText: 'water', language: 'en-US' };
  expect(await (await workOf('speechAssessment'))(asked, report, calm)).toMatchObject({
    recognizedText: 'water',
    scores: { accuracy: 90 },
  });
  expect(costOfCall(calls)).toBe(0.01);
});

test('speech is billed by characters', async () => {
  const { report, calls } = keepReport();
  const { speak } = await workOf('speech');
  const asked = { text: 'a'.repeat(1000), language: 'en', speed: 1 };
  expect(await speak(asked, report, calm)).toMatchObject({ sampleRate: 16_000 });
  expect(costOfCall(calls)).toBe(0.016);
});

test('a refusal becomes a problem, and is not billed', async () => {
  const { report, calls } = keepReport();
  const { speak } = await workOf('speech', 429);
  await expect(speak({ text: 'a', language: 'en', speed: 1 }, report, calm)).rejects.toMatchObject({ code: 'provider_rate_limited' });
  expect(calls).toMatchObject([{ settled: true, used: undefined }]);
});

test('without its variables the vendor names them', async () => {
  const off = await example.offers({ EXAMPLE_TIMEOUT_MS: 1 }, { guard: (_, work) => work, findProgram: () => undefined, warn: () => {} });
  expect(off.speech).toEqual({ available: false, missing: ['EXAMPLE_KEY', 'EXAMPLE_URL'] });
});

test('the how-to shows this vendor as it is', () => {
  const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const source = read('test/support/example-vendor.ts');
  const [, howTo = ''] = read('docs/architecture.md').split('## How to add a vendor');
  const shown = [...howTo.matchAll(/^ *```ts\n([^]*?)^ *```$/gm)].map(([, code = '']) => code.replaceAll(/^ {3}/gm, '').trimEnd());
  expect(shown).toHaveLength(2);
  for (const part of shown) expect(source).toContain(part);
});
