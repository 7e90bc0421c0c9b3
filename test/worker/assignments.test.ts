/** Tests what a worker publishes about the kinds it does. */
import { expect, test } from 'vitest';
import { flashcards } from '../../src/kinds/flashcards.ts';
import { assign } from '../../worker/assignments.ts';

function published(baseURL: string): string {
  const work = () => Promise.reject(new Error('It is not called here.'));
  const offer = { available: true as const, work, author: { provider: 'example' }, answers: JSON.stringify(['example', baseURL]) };
  const assignments = assign([flashcards], [{ name: 'example', offers: { structuredAnswer: offer } }], undefined);
  return JSON.stringify(assignments.get(flashcards.name)?.support);
}

test('a password in a base URL is not published, and two base URLs still differ', () => {
  const first = published('http://user:hunter2@one.example/v1');
  expect(first).toContain('"available":true');
  expect(first).not.toContain('hunter2');
  expect(first).toBe(published('http://user:hunter2@one.example/v1'));
  expect(first).not.toBe(published('http://user:hunter2@two.example/v1'));
});
