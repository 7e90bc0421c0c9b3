/** `npm run admin`: what an operator types, what is printed, and how it ends. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { answerWith, startOpenAI } from '../support/openai.ts';
import { OPERATORS } from '../support/operators.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/admin.ts', import.meta.url));

/** Runs it in a folder without `.env`. `input`: what is typed. */
function admin(url: string, args: string[], input = '', env: Record<string, string> = OPERATORS) {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const options = { cwd: '/', env: { PATH: process.env['PATH'], ...env } };
    const child = execFile(process.execPath, [SCRIPT, ...args, '--url', url], options, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    );
    child.stdin?.end(input);
  });
}

test('pause, resume, users and actions, as tables and as JSON, by the operator that is named', async () => {
  const { url } = await startStack(OPERATORS);
  const paused = await admin(url, ['pause', 'kind', 'generate-audio', '--reason', 'The voices are down.']);
  expect(paused).toMatchObject({ code: 0, err: '' });
  expect(paused.out).toContain('result: paused');
  expect(paused.out).toMatch(/scope +name +reason[^]*kind +generate-audio +The voices are down\./);
  expect(await admin(url, ['resume', 'kind', 'generate-audio', '--as', 'bob'])).toMatchObject({ code: 0 });
  expect((await admin(url, ['users', 'u', 'set', '--block', '--max-jobs', '3'])).out).toContain('blocked: true');
  const { actions } = JSON.parse((await admin(url, ['actions', '--json'])).out) as { actions: Record<string, string>[] };
  expect(actions.map(({ by, what }) => `${by} ${what}`)).toEqual(['ana set user', 'bob resume', 'ana pause']);
});

test('a dead letter is tried again by the id that the list shows', async () => {
  let isMended = false;
  const openai = await startOpenAI((pen, call, n) => (isMended ? answerWith()(pen, call, n) : pen.fail(400, {})));
  const stack = await startStack({ ...OPERATORS, ...openai.env });
  const { url } = stack;
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.', count: 1 });
  expect((await (await stack.watch(job)).until(isEnd)).event).toBe('failed');
  const { out } = await admin(url, ['dead-letters', '--type', 'job', '--json']);
  const [letter] = (JSON.parse(out) as { letters: { id: string; jobId: string }[] }).letters;
  expect(letter?.jobId).toBe(job['jobId']);
  expect((await admin(url, ['dead-letters', '--type', 'archive'])).out).not.toContain(job['jobId']);
  isMended = true;
  const done = await admin(url, ['replay', letter?.id ?? '']);
  expect(done).toMatchObject({ code: 0, err: '' });
  expect(done.out).toContain('replayed: true');
  expect((await (await stack.watch(job)).until(isEnd)).event).toBe('completed');
  const again = await admin(url, ['replay', letter?.id ?? '']);
  expect(again).toMatchObject({ code: 1, out: '' });
  expect(again.err).toContain('not_found');
  expect((await admin(url, ['replay'])).code).toBe(2);
});

test('many jobs are acted on after a question, and what is not understood or not let is told by the exit code', async () => {
  const stack = await startStack(OPERATORS);
  const { url } = stack;
  await stack.submit();
  const no = await admin(url, ['cancel', '--kind', 'generate-flashcards'], 'no\n');
  expect(no).toMatchObject({ code: 3 });
  expect(no.err).toContain('cancel: 1 jobs');
  expect((await admin(url, ['cancel'])).code).toBe(3); // nobody is there to answer
  const yes = await admin(url, ['cancel', '--state', 'waiting'], 'yes\n');
  expect(yes).toMatchObject({ code: 0 });
  expect(yes.out).toMatch(/state: done[^]*done: 1/);
  expect((await admin(url, ['purge', '--yes'])).out).toContain('done: 1');
  expect((await admin(url, ['--help'])).out).toContain('pause all|kind NAME|provider NAME');
  expect((await admin(url, ['dance'])).code).toBe(2);
  expect((await admin(url, ['pause', 'kind'])).code).toBe(2);
  expect((await admin(url, ['jobs', '--unknown'])).code).toBe(2);
  expect((await admin(url, ['jobs'], '', {})).code).toBe(2); // no token
  const wrong = await admin(url, ['jobs'], '', { ADMIN_TOKEN: 'a-wrong-token-of-sixteen' });
  expect(wrong).toMatchObject({ code: 1, out: '' });
  expect(wrong.err).toContain('unauthorized');
  expect((await admin('http://127.0.0.1:1', ['jobs'])).code).toBe(1);
});
