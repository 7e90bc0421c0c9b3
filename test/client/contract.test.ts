/** Tests that a client which is newer than its server says so, once. */
import { expect, test } from 'vitest';
import { createClient } from '../../client/src/index.ts';
import { CONTRACT_VERSION, KINDS } from '../../client/src/kinds.ts';
import { startStack } from '../support/stack-in-process.ts';

const [major = 0, minor = 0] = CONTRACT_VERSION.split('.').map(Number);

/** What a client warns of after two submissions to a server that says this of itself. */
async function warningsAt(version: string | undefined): Promise<string[]> {
  const warnings: string[] = [];
  const job = { jobId: `generate-flashcards-${'x'.repeat(32)}`, streamUrl: '/' };
  const answer = async () => Response.json(job, { status: 202, headers: version === undefined ? {} : { 'contract-version': version } });
  const ai = createClient({ baseUrl: 'http://localhost', fetch: answer, warn: (message) => warnings.push(message) });
  for (let n = 0; n < 2; n++) await ai.flashcards({ content: 'Notes.' });
  return warnings;
}

test('an earlier server is told of once; the same, a later one, and one that says nothing are not', async () => {
  expect(await warningsAt(`${major - 1}.99`)).toEqual([expect.stringContaining(`newer than the server (${major - 1}.99)`)]);
  if (minor > 0) expect(await warningsAt(`${major}.${minor - 1}`)).toHaveLength(1);
  for (const version of [CONTRACT_VERSION, `${major}.${minor + 1}`, `${major}.${minor + 10}`, undefined]) {
    expect(await warningsAt(version)).toEqual([]);
  }
});

test('a server says its version with each job that it takes, also to pages of other sites', async () => {
  const stack = await startStack();
  const submit = async () =>
    fetch(stack.url + KINDS.flashcards.path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-id': 'ana' },
      body: JSON.stringify({ content: 'Hund: dog' }),
    });
  const answer = await submit();
  expect([answer.status, answer.headers.get('contract-version')]).toEqual([202, CONTRACT_VERSION]);
  expect(answer.headers.get('access-control-expose-headers')).toContain('Contract-Version');
});
