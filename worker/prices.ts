/** What vendors bill: their list prices, which the variable `PRICES` overrides. */
import { costOf, type DetailedUsage, type Price } from '../src/job/price.ts';
import type { Author, Usage } from '../src/job/snapshot.ts';

/** Prices by `provider` or `provider/model`. */
export type Prices = Readonly<Record<string, Price>>;

const tokens = (perMillionInputTokens: number, perMillionOutputTokens: number): Price => ({
  perMillionInputTokens,
  perMillionOutputTokens,
});

/**
 * List prices in November 2026, as the vendors' documents had them, without discounts, regional surcharges and taxes. OpenAI's are those of prompts of at most
 * 272,000 tokens. A model that is not here has no known price, such as gpt-5.6-sol, whose price was announced until 21 November only.
 */
const LIST: Prices = {
  'openai/gpt-6-astra': tokens(10, 50),
  'openai/gpt-6.1-sol': tokens(2, 10),
  'openai/gpt-6.1-terra': tokens(1, 5),
  'openai/gpt-6-sol': tokens(2, 10),
  'openai/gpt-6-luna': tokens(0.1, 0.5),
  'openai/gpt-5.6-terra': tokens(2, 12),
  'openai/gpt-5.6-luna': tokens(0.2, 1.2),
  'openai/gpt-5.5': tokens(5, 30),
  'openai/gpt-5.4': tokens(2.5, 15),
  'openai/gpt-5.4-mini': tokens(0.75, 4.5),
  'openai/gpt-5.4-nano': tokens(0.2, 1.25),
  'openai/gpt-5.2': tokens(1.75, 14),
  'openai/gpt-5.1': tokens(1.25, 10),
  'openai/gpt-5': tokens(1.25, 10),
  'openai/gpt-5-mini': tokens(0.25, 2),
  'openai/gpt-5-nano': tokens(0.05, 0.4),
  'openai/gpt-4.1': tokens(2, 8),
  'openai/gpt-4.1-mini': tokens(0.4, 1.6),
  'openai/gpt-4.1-nano': tokens(0.1, 0.4),
  'openai/gpt-4o': tokens(2.5, 10),
  'openai/gpt-4o-mini': tokens(0.15, 0.6),
  'openai/gpt-audio-1.5': { ...tokens(2.5, 10), perMillionInputAudioTokens: 32, perMillionOutputAudioTokens: 64 },
  'openai/gpt-4o-mini-tts': { perHour: 0.9 },
  'openai/tts-1': { perMillionCharacters: 15 },
  'openai/tts-1-hd': { perMillionCharacters: 30 },
  'polly/standard': { perMillionCharacters: 4 },
  'polly/neural': { perMillionCharacters: 16 },
  'polly/generative': { perMillionCharacters: 30 },
  'polly/long-form': { perMillionCharacters: 100 },
  'azure-speech': { perHour: 1 },
  'azure-document': { perThousandImages: 1.5 },
  'azure-vision': { perThousandImages: 1.5 },
};

/** A date at the end of a model's name, which stands for a version of it. */
const VERSION = /-\d{4}-\d{2}-\d{2}$/;

/** The price of an author's work, where it is known. */
export type FindPrice = (author: Author) => Price | undefined;

/** Makes the function that finds prices. `overrides` count for more than the list. */
export function createFindPrice(overrides: Prices = {}): FindPrice {
  const prices = { ...LIST, ...overrides };
  return ({ provider, model = '' }) =>
    prices[`${provider}/${model}`] ?? prices[`${provider}/${model.replace(VERSION, '')}`] ?? prices[provider];
}

/** Adds `costUsd` to what a call has used, where its price is known. What says already what it costs stays as it is. */
export type AddCost = (usage: DetailedUsage, author: Author) => Usage;

/** Makes the function that adds the cost. `overrides` count for more than the list. */
export function createAddCost(overrides: Prices = {}): AddCost {
  const findPrice = createFindPrice(overrides);
  return (detailed, author) => {
    const { inputAudioTokens: _, outputAudioTokens: __, ...usage } = detailed;
    const costUsd = usage.costUsd ?? costOf(detailed, findPrice(author) ?? {});
    return costUsd === undefined ? usage : { ...usage, costUsd };
  };
}
