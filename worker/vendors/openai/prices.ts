/** What OpenAI's models cost. */
import type { Price } from '../../../src/job/price.ts';

const tokens = (perMillionInputTokens: number, perMillionOutputTokens: number): Price => ({
  perMillionInputTokens,
  perMillionOutputTokens,
});

/**
 * List prices by model in November 2026, as OpenAI's documents had them: of prompts of at most
 * 272,000 tokens, without discounts, regional surcharges and taxes. A model that is not here has no
 * known price. One of them is gpt-5.6-sol: its price was announced until 21 November only.
 */
export const OPENAI_PRICES: Readonly<Record<string, Price>> = {
  'gpt-6-astra': tokens(10, 50),
  'gpt-6.1-sol': tokens(2, 10),
  'gpt-6.1-terra': tokens(1, 5),
  'gpt-6-sol': tokens(2, 10),
  'gpt-6-luna': tokens(0.1, 0.5),
  'gpt-5.6-terra': tokens(2, 12),
  'gpt-5.6-luna': tokens(0.2, 1.2),
  'gpt-5.5': tokens(5, 30),
  'gpt-5.4': tokens(2.5, 15),
  'gpt-5.4-mini': tokens(0.75, 4.5),
  'gpt-5.4-nano': tokens(0.2, 1.25),
  'gpt-5.2': tokens(1.75, 14),
  'gpt-5.1': tokens(1.25, 10),
  'gpt-5': tokens(1.25, 10),
  'gpt-5-mini': tokens(0.25, 2),
  'gpt-5-nano': tokens(0.05, 0.4),
  'gpt-4.1': tokens(2, 8),
  'gpt-4.1-mini': tokens(0.4, 1.6),
  'gpt-4.1-nano': tokens(0.1, 0.4),
  'gpt-4o': tokens(2.5, 10),
  'gpt-4o-mini': tokens(0.15, 0.6),
  'gpt-audio-1.5': { ...tokens(2.5, 10), perMillionInputAudioTokens: 32, perMillionOutputAudioTokens: 64 },
  'gpt-4o-mini-tts': { perHour: 0.9 },
  'tts-1': { perMillionCharacters: 15 },
  'tts-1-hd': { perMillionCharacters: 30 },
};
