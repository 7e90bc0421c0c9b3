/** Tests what calls cost: by the list, by overrides, and not at all where a price is not known. */
import { expect, test } from 'vitest';
import { createAddCost, createFindPrice } from '../../worker/prices.ts';
import { vendors } from '../../worker/vendors/index.ts';

const adding = (overrides?: Parameters<typeof createFindPrice>[1]) => createAddCost(createFindPrice(vendors, overrides));
const nothing = { inputTokens: 0, outputTokens: 0 };

test.each([
  ['tokens', 'openai', 'gpt-5.4-mini', { inputTokens: 1_000_000, outputTokens: 100_000 }, 1.2],
  ['a version of a model', 'openai', 'gpt-5.4-mini-2026-03-17', { inputTokens: 1_000_000, outputTokens: 0 }, 0.75],
  ['characters', 'polly', 'neural', { ...nothing, characters: 1000 }, 0.016],
  ['images', 'azure-document', undefined, { ...nothing, images: 2 }, 0.003],
  ['seconds', 'azure-speech', undefined, { ...nothing, seconds: 36 }, 0.01],
  ['a free vendor', 'tesseract', undefined, { ...nothing, images: 1, costUsd: 0 }, 0],
  ['nothing, of whatever model', 'openai', 'my-model', nothing, 0],
])('%s', (_, provider, model, usage, cost) => {
  expect(adding()(usage, { provider, ...(model && { model }) }).costUsd).toBeCloseTo(cost, 9);
});

test('a model that is not on the list costs nothing that is known, and neither does a unit without a price', () => {
  const usage = { inputTokens: 10, outputTokens: 10 };
  expect(adding()(usage, { provider: 'openai', model: 'gpt-5.4-mini-tuned' })).toEqual(usage);
  expect(adding({ mine: { perMillionInputTokens: 1 } })(usage, { provider: 'mine' })).toEqual(usage);
});

test('an override counts for more than the list, for a model or for all models of a provider', () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 0 };
  const addCost = adding({ 'openai/gpt-5.4-mini': { perMillionInputTokens: 9 }, openai: { perMillionInputTokens: 3 } });
  expect([
    addCost(usage, { provider: 'openai', model: 'gpt-5.4-mini' }).costUsd,
    addCost(usage, { provider: 'openai', model: 'my-model' }).costUsd,
  ]).toEqual([9, 3]);
});
