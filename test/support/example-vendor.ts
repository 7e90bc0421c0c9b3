/** A vendor with all four capabilities: docs/architecture.md shows this file, from the first import on, and a test runs it. */
import { z } from 'zod';
import { httpUrl, milliseconds, vendorKey } from '../../src/env/variables.ts';
import { type Capabilities, NO_TOKENS } from '../../worker/capabilities.ts';
import { parseModelJson } from '../../worker/vendors/answer-json.ts';
import { paidCall } from '../../worker/vendors/paid-call.ts';
import { toRefusalProblem } from '../../worker/vendors/refusal.ts';
import { bodyOf, callVendor, jsonOf, type VendorAnswer } from '../../worker/vendors/vendor-call.ts';
import { defineVendor, missingIn } from '../../worker/vendors/vendor.ts';

/** Posts to the vendor. Another status than 200 becomes a problem by the table of all vendors. */
type Post = (path: string, body: object, signal: AbortSignal) => Promise<VendorAnswer>;

/** A structured answer: `take` gets each item of a list, and each other field, as soon as it is there. */
const write = (post: Post): Capabilities['structuredAnswer'] => {
  return ({ instructions, material, take, whole }, report, signal) => {
    const terms = { report, signal, author: { provider: 'example', model: 'writer' }, expected: { ...NO_TOKENS, estimated: true } };
    return paidCall<'whole'>(terms, async (bill) => {
      const answer = z.object({ text: z.string(), inputTokens: z.int(), outputTokens: z.int() });
      const { text, ...used } = answer.parse(jsonOf(await post('/write', { instructions, material }, signal)));
      bill(used);
      for (const [field, value] of Object.entries(parseModelJson(text) as object))
        for (const item of Array.isArray(value) ? value : [value]) await take(field, item);
      whole();
      return 'whole';
    });
  };
};

/** The text in an image: its lines, with their places where the vendor tells them. */
const read = (post: Post): Capabilities['imageText'] => {
  return ({ image, languages }, report, signal) => {
    const expected = { ...NO_TOKENS, images: 1 };
    return paidCall({ report, signal, author: { provider: 'example', model: 'reader' }, expected }, async (bill) => {
      const answer = z.object({ width: z.int(), height: z.int(), lines: z.array(z.object({ text: z.string() })) });
      const sent = { image: Buffer.from(image.bytes).toString('base64'), languages };
      const page = answer.parse(jsonOf(await post('/read', sent, signal)));
      bill(expected);
      return { ...page, text: page.lines.map(({ text }) => text).join('\n') };
    });
  };
};

/** An assessment of speech, in scores from 0 to 100. */
const assess = (post: Post): Capabilities['speechAssessment'] => {
  return ({ audio, referenceText, language }, report, signal) => {
    const expected = { ...NO_TOKENS, seconds: Math.ceil((audio.facts.durationMs ?? 0) / 1000) };
    return paidCall({ report, signal, author: { provider: 'example', model: 'listener' }, expected }, async (bill) => {
      const sent = { audio: Buffer.from(audio.bytes).toString('base64'), referenceText, language };
      const { text, accuracy } = z.object({ text: z.string(), accuracy: z.number() }).parse(jsonOf(await post('/assess', sent, signal)));
      bill(expected);
      const scores = { pronunciation: accuracy, accuracy, fluency: accuracy, completeness: accuracy };
      return { recognizedText: text, durationMs: audio.facts.durationMs ?? 0, scores, words: [] };
    });
  };
};

/** Speech, always as PCM of 16 bits and one channel. Longer texts are split before they come here. */
const speak = (post: Post): Capabilities['speech']['speak'] => {
  return ({ text, language, voice, speed }, report, signal) => {
    const expected = { ...NO_TOKENS, characters: Array.from(text).length };
    return paidCall({ report, signal, author: { provider: 'example', model: 'voice' }, expected }, async (bill) => {
      const { bytes } = await post('/speak', { text, language, voice, speed }, signal);
      bill(expected);
      return { pcm: bytes, sampleRate: 16_000 };
    });
  };
};

export const example = defineVendor({
  name: 'example',
  keys: ['EXAMPLE_KEY'],
  writes: true, // so that AI_PROVIDER may name it
  prices: {
    writer: { perMillionInputTokens: 2, perMillionOutputTokens: 8 },
    reader: { perThousandImages: 1.5 },
    listener: { perHour: 1 },
    voice: { perMillionCharacters: 16 },
  },
  variables: {
    EXAMPLE_KEY: vendorKey.optional(),
    EXAMPLE_URL: httpUrl.optional(),
    EXAMPLE_TIMEOUT_MS: milliseconds(60_000),
  },
  // A vendor with an SDK imports it here, so that a worker without the key does not load it.
  offers({ EXAMPLE_KEY: key, EXAMPLE_URL: url, EXAMPLE_TIMEOUT_MS: timeoutMs }, { guard }) {
    if (key === undefined || url === undefined) {
      const off = { available: false, missing: missingIn({ EXAMPLE_KEY: key, EXAMPLE_URL: url }) } as const;
      return { structuredAnswer: off, imageText: off, speechAssessment: off, speech: off };
    }
    const post: Post = async (path, body, signal) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      const answer = await callVendor(url + path, init, { name: 'Example', timeoutMs, maxBytes: 33_554_432 }, signal);
      if (answer.status !== 200) throw toRefusalProblem('Example', { ...answer, body: bodyOf(answer) });
      return answer;
    };
    // `guard` puts work behind the circuit breaker of this name. Workers with the same `answers` replace each other.
    const by = (model: string) =>
      ({ available: true, author: { provider: 'example', model }, answers: JSON.stringify([url, model]) }) as const;
    return {
      structuredAnswer: { ...by('writer'), work: guard('example', write(post)) },
      imageText: { ...by('reader'), work: guard('example', read(post)) },
      speechAssessment: { ...by('listener'), work: guard('example', assess(post)) },
      speech: { ...by('voice'), work: { sampleRate: 16_000, maxLength: () => 3000, speak: guard('example', speak(post)) } },
    };
  },
});
