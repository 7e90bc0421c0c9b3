/** The addresses of the AI SDK's clients as they are sent, byte by byte; test/sdks has the clients themselves. */
import { expect, test } from 'vitest';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const NOTES = 'Water boils at 100 degrees Celsius. Hund: dog';
const MESSAGE = { id: 'm1', role: 'user', parts: [{ type: 'text', text: NOTES }] };

const post = (stack: Stack, path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(stack.url + path, { method: 'POST', body: JSON.stringify(body), headers: { authorization: 'Bearer one', ...headers } });

const chunksOf = (text: string): Record<string, any>[] =>
  text.split('\n\n').flatMap((frame) => (frame.startsWith('data: ') ? [JSON.parse(frame.slice(6)) as Record<string, any>] : []));

test('a replay is the first sending from any chunk on, and never without its finish', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const first = await post(stack, '/api/chat/generate-flashcards', { id: 'c/1', messages: [MESSAGE] });
  expect(first.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1');
  const chunks = chunksOf(await first.text());
  expect(chunks.at(0)).toMatchObject({ type: 'start', messageId: first.headers.get('x-workflow-run-id') });
  expect(chunks.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' });
  const from = async (id: string, startIndex: number | '') => {
    const path = `/api/chat/generate-flashcards/${encodeURIComponent(id)}/stream?startIndex=${startIndex}`;
    return fetch(stack.url + path, { headers: { authorization: 'Bearer one', accept: 'text/event-stream' } });
  };
  for (let index = 0; index < chunks.length; index++) {
    expect(chunksOf(await (await from('c/1', index)).text())).toEqual(chunks.slice(index));
  }
  expect(chunksOf(await (await from(chunks[0]?.['messageId'], 1)).text())).toEqual(chunks.slice(1)); // a job's id is a chat's, too
  const beyond = await from('c/1', chunks.length + 1);
  expect([beyond.status, beyond.headers.get('content-type')]).toEqual([400, 'text/plain; charset=utf-8']);
  expect((await from('another', 0)).status).toBe(204);
});

test('a body of any media type is read, and a file is refused where the kind takes none', async () => {
  const stack = await startStack();
  const refused = await post(stack, '/api/chat/generate-flashcards', {
    messages: [{ role: 'user', parts: [{ type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AA==' }] }],
  });
  expect([refused.status, await refused.text()]).toEqual([400, '#/messages: must have no file: generate-flashcards takes none']);
  const none = await post(stack, '/api/chat/generate-flashcards', { messages: [] }, { 'content-type': 'application/json' });
  expect([none.status, await none.text()]).toEqual([400, '#/messages: must have a message of the user']);
});

test('a text that fails breaks its connection', async () => {
  const stack = await startStack();
  const answer = await post(stack, '/api/object/generate-flashcards', { content: NOTES });
  const jobId = answer.headers.get('x-workflow-run-id');
  const broken = answer.text().catch(String); // it breaks while the cancel is answered
  const cancelled = await post(stack, `/api/chat/generate-flashcards/${jobId}/cancel`, {});
  expect(cancelled.status).toBe(202);
  expect(await broken).toMatch('terminated');
});
