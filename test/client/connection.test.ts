/** Tests what the client says of its connections, and that every wait ends: with a dead server, a silent one, an aborted one, and without a reader. */
import { execFile } from 'node:child_process';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ApiError, type Client, type Connection, createClient } from '../../client/src/index.ts';
import { card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { freePort } from '../support/ports.ts';
import { listenForTest, startProxy } from '../support/proxy.ts';
import { startStack } from '../support/stack-in-process.ts';

const BACKOFF = { firstMs: 10, mostMs: 100 };
const ID = `generate-flashcards-${'x'.repeat(24)}`;
/** How an answer that never comes ends. */
const SHORT_MS = 300;

/** A server that takes connections and says nothing. */
async function startSilence(): Promise<string> {
  const sockets = new Set<never>();
  return `http://127.0.0.1:${await listenForTest(
    createServer((socket) => void sockets.add(socket as never)),
    sockets,
  )}`;
}

const deadUrl = async () => `http://127.0.0.1:${await freePort()}`;

test('a job says how it is connected: while it is opened, live, without a server with the reason and the next try, and closed', async () => {
  const steps = [latch(), latch()];
  const openai = await startOpenAI(async (pen) => {
    const { open, cards, close } = pieces([card(1), card(2)]);
    pen.text(open);
    for (const [n, text] of cards.entries()) {
      await steps[n]?.wait;
      pen.text(text);
    }
    pen.text(close);
    pen.finish('stop');
  });
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const port = Number(new URL(stack.url).port);
  const proxy = await startProxy(port);
  const ai = createClient({ baseUrl: `http://127.0.0.1:${proxy.port}`, headers: { 'user-id': 'ana' }, backoff: BACKOFF });
  const job = await ai.flashcards({ content: 'Notes.', count: 2 });
  expect(job.connection).toEqual({ state: 'closed' });
  const seen: Connection[] = [];
  job.onConnection((connection) => void seen.push(connection));
  const stopped: Connection[] = [];
  job.onConnection((connection) => void stopped.push(connection))();
  const result = job.result();
  await expect.poll(() => job.connection.state).toBe('live');
  proxy.target(await freePort()); // nobody is there
  proxy.cut();
  steps[0]?.open();
  await expect.poll(() => job.connection).toMatchObject({ state: 'offline', error: { code: 'unreachable' } });
  await expect.poll(() => seen.some(({ retryAt }) => new Date(retryAt ?? '').getTime() > 0)).toBe(true);
  proxy.target(port);
  await expect.poll(() => job.connection.state).toBe('live'); // and not by polls for good
  steps[1]?.open();
  expect(await result).toEqual({ flashcards: [card(1), card(2)] });
  expect(job.connection).toEqual({ state: 'closed' });
  const states = seen.map(({ state }) => state).filter((state, n, all) => state !== all[n - 1] && state !== 'polling');
  expect(states.filter((state, n, all) => state !== all[n - 1])).toEqual(['connecting', 'live', 'connecting', 'offline', 'live', 'closed']);
  expect(stopped).toEqual([]);
});

test('nothing waits for a dead or a silent server for ever: calls reject after their tries, readers after their time, and say why', async () => {
  for (const baseUrl of [await deadUrl(), await startSilence()]) {
    const ai = createClient({ baseUrl, backoff: BACKOFF, timeoutMs: SHORT_MS });
    const job = ai.resume<'flashcards'>(ID);
    const drain = async (events: AsyncIterable<unknown>) => {
      for await (const _ of events);
    };
    const waits = [
      ai.flashcards({ content: 'Notes.' }, { retries: 1 }),
      ai.image({ image: 'AAAA' }, { retries: 0 }),
      ai.jobs.list(),
      ai.request('/health'),
      drain(ai.jobs.pages()),
      drain(ai.watch()),
      job.status(),
      job.cancel(),
      job.retry(),
      job.delete(),
      job.output(),
      job.result(),
      drain(job.items()),
      drain(job),
    ];
    const ends = await Promise.all(waits.map((wait) => (wait as Promise<unknown>).catch((error: unknown) => error)));
    expect(ends.map((end) => end instanceof ApiError && end.code)).toEqual(waits.map(() => 'unreachable'));
    expect(job.connection.state).toBe('closed'); // nobody reads any more
    const listening = ai.resume<'flashcards'>(ID);
    onTestFinished(listening.subscribe(() => {})); // who only listens hears no error: the connection says why nothing comes
    await expect.poll(() => listening.connection).toMatchObject({ state: 'offline', error: { code: 'unreachable' } });
  }
});

test('a signal ends every call and every reading, with its reason', async () => {
  const ai = createClient({ baseUrl: await startSilence() });
  const job = ai.resume<'flashcards'>(ID);
  const next = (events: AsyncIterable<unknown>) => events[Symbol.asyncIterator]().next();
  const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => ai.flashcards({ content: 'Notes.' }, { signal }),
    (signal) => ai.jobs.list({ signal }),
    (signal) => next(ai.jobs.pages({ signal })),
    (signal) => next(ai.watch({ signal })),
    (signal) => ai.request('/health', { signal }),
    (signal) => job.status({ signal }),
    (signal) => job.cancel({ signal }),
    (signal) => job.retry({ signal }),
    (signal) => job.delete({ signal }),
    (signal) => job.output(0, { signal }),
    (signal) => job.result({ signal }),
    (signal) => next(job.items({ signal })),
    (signal) => next(job.events({ signal })),
  ];
  const why = new Error('enough');
  for (const call of calls) {
    const controller = new AbortController();
    const waiting = call(controller.signal).catch((error: unknown) => error);
    controller.abort(why);
    expect(await waiting).toBe(why);
    expect(await call(controller.signal).catch((error: unknown) => error)).toBe(why); // it had ended before
  }
});

/** Runs a program with a client of a server that is not there, in a process of its own, to its end. */
async function runProgram(program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'client-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const source = new URL('../../client/src/index.ts', import.meta.url).href;
  const options = `{ baseUrl: '${await deadUrl()}', timeoutMs: ${SHORT_MS}, backoff: { firstMs: 10, mostMs: 100 } }`;
  const file = join(folder, 'app.ts');
  writeFileSync(
    file,
    `import { createClient } from '${source}';\nconst ai = createClient(${options});\nconst job = ai.resume('${ID}');\n${program}`,
  );
  return (await promisify(execFile)(process.execPath, [file])).stdout.trim();
}

test('a process ends by itself when nobody reads: at once, after the last reader, and after an error', async () => {
  const programs: Record<string, string> = {
    'nobody ever reads': `job.onConnection(() => {}); ai.watch(); console.log(job.connection.state);`,
    'a listener that has left': `job.subscribe(() => {})(); console.log(job.connection.state);`,
    'a reader that was stopped': `job.result().catch(() => {}); job.pause(); console.log(job.connection.state);`,
    'a watch that was closed': `const watch = ai.watch(); watch[Symbol.asyncIterator]().next(); watch.close(); console.log(watch.connection.state);`,
  };
  for (const [name, program] of Object.entries(programs)) expect([name, await runProgram(program)]).toEqual([name, expect.any(String)]);
  expect(await runProgram(`console.log(await job.result().catch(({ code }) => code));`)).toBe('unreachable');
});

test('what the server says of a refusal is in its error: when to come back, the request, the field', async () => {
  const stack = await startStack({ RATE_LIMIT_MAX: '1', RATE_LIMIT_WINDOW_S: '3600' });
  const ai: Client = createClient({ baseUrl: stack.url, headers: { 'user-id': 'ana' }, backoff: BACKOFF });
  await ai.flashcards({ content: 'Hund: dog' });
  const error = (await ai.flashcards({ content: 'Hund: dog' }).catch((refusal: unknown) => refusal)) as ApiError;
  expect(error).toMatchObject({ code: 'rate_limited', status: 429, requestId: expect.stringMatching(/./), retryable: true });
  expect(error.retryAfterMs).toBeGreaterThan(0);
  const job = ai.resume(`generate-flashcards-${'x'.repeat(32)}`);
  await expect(job.result()).rejects.toMatchObject({ code: 'job_not_found', requestId: expect.stringMatching(/./) });
  expect(job.connection).toMatchObject({ state: 'closed', error: { code: 'job_not_found' } });
});
