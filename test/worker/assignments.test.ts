/** Tests what a worker publishes about the kinds it does. */
import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config.ts';
import { flashcards } from '../../src/kinds/flashcards.ts';
import { lesson } from '../../src/kinds/lesson.ts';
import { assign, type VendorOffers } from '../../worker/assignments.ts';

/** The kinds that need a structured answer. */
const kinds = [flashcards, lesson];

function published(baseURL: string): string {
  const work = () => Promise.reject(new Error('It is not called here.'));
  const offer = { available: true as const, work, author: { provider: 'example' }, answers: JSON.stringify(['example', baseURL]) };
  const assignments = assign([flashcards], [{ name: 'example', offers: { structuredAnswer: offer } }]);
  return JSON.stringify(assignments.get(flashcards.name)?.support);
}

test('a password in a base URL is not published, and two base URLs still differ', () => {
  const first = published('http://user:hunter2@one.example/v1');
  expect(first).toContain('"available":true');
  expect(first).not.toContain('hunter2');
  expect(first).toBe(published('http://user:hunter2@one.example/v1'));
  expect(first).not.toBe(published('http://user:hunter2@two.example/v1'));
});

const offer = { available: true as const, work: () => Promise.reject(new Error('It is not called here.')), answers: '' };
const by = (provider: string, more: object = {}) => ({
  name: provider,
  offers: { structuredAnswer: { ...offer, author: { provider }, ...more } },
});
const named = (env: Record<string, string>) => loadConfig({ REDIS_URL: 'redis://localhost', ...env }, 'worker');
const providers = (env: Record<string, string>, vendors: VendorOffers) =>
  kinds.map(({ name }) => {
    const support = assign(kinds, vendors, named(env)).get(name)?.support;
    return support?.available ? support.provider : support?.missing;
  });

test("a kind's own variable counts for more than AI_PROVIDER, which counts for more than the order of the vendors", () => {
  const vendors = [by('first'), by('second')];
  expect(providers({}, vendors)).toEqual(['first', 'first']);
  expect(providers({ AI_PROVIDER: 'second' }, vendors)).toEqual(['second', 'second']);
  expect(providers({ PROVIDER_LESSON: 'second' }, vendors)).toEqual(['first', 'second']);
  expect(providers({ AI_PROVIDER: 'second', PROVIDER_LESSON: 'first' }, vendors)).toEqual(['second', 'first']);
  expect(providers({ PROVIDER_FLASHCARDS: 'second', PROVIDER_LESSON: 'first' }, vendors)).toEqual(['second', 'first']);
});

test('a vendor that has to be opted in to does only kinds that name it', () => {
  const vendors = [by('careful', { optIn: true }), by('usual')];
  expect(providers({}, vendors)).toEqual(['usual', 'usual']);
  expect(providers({ PROVIDER_LESSON: 'careful' }, vendors)).toEqual(['usual', 'careful']);
  expect(providers({}, [by('careful', { optIn: true })])).toEqual([[], []]);
});

test('a vendor that is named for what it never does is a mistake that names the variables', () => {
  const vendors = [by('first'), { name: 'mute', offers: {} }, by('cards', { kinds: ['generate-flashcards'] })];
  const mistakes = (env: Record<string, string>) => {
    try {
      return providers(env, vendors);
    } catch (error) {
      return error instanceof ConfigError ? error.mistakes.map((line) => line.split(':')[0]) : error;
    }
  };
  expect(mistakes({ PROVIDER_FLASHCARDS: 'mute', PROVIDER_LESSON: 'cards' })).toEqual(['PROVIDER_FLASHCARDS', 'PROVIDER_LESSON']);
  expect(mistakes({ PROVIDER_FLASHCARDS: 'cards', PROVIDER_AUDIO: 'mute' })).toEqual(['cards', 'first']); // this worker does no audio
});

test('what a vendor needs of an input is published, with the variables of those who would need nothing', () => {
  const missing = { available: false as const, missing: ['A_KEY'] };
  const vendors = [{ name: 'first', offers: { structuredAnswer: missing } }, by('second', { needs: { 'generate-lesson': ['content'] } })];
  const supports = assign(kinds, vendors);
  expect(supports.get('generate-lesson')?.support).toMatchObject({ available: true, needs: ['content'], missing: ['A_KEY'] });
  expect(supports.get('generate-flashcards')?.support).toEqual({ available: true, provider: 'second', answers: expect.any(String) });
});
