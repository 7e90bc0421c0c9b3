/** Tests the client against a real server: what it submits, how it is read, kept, left and found again, and what it says when something is wrong. */
import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { ApiError, createClient, type Job, JobError } from '../../client/src/index.ts';
import { kinds } from '../../src/kinds/index.ts';
import { printCodes, printKinds, printShapes } from '../../scripts/print-client-types.ts';
import { answerWith, card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';
import { trickyAddresses } from '../support/addresses.ts';
import { createDice } from '../support/dice.ts';
import { startReceiver } from '../support/receiver.ts';
import { ANA, startProject } from '../support/supabase.ts';
import { sendJson, startVendorServer } from '../support/vendor-server.ts';

const BACKOFF = { firstMs: 10, mostMs: 1000 };
const clientOf = ({ url }: Stack, more: Partial<Parameters<typeof createClient>[0]> = {}) =>
  createClient({ baseUrl: url, headers: { 'user-id': 'ana' }, backoff: BACKOFF, ...more });

/** A model that writes a card, waits until the test lets it go on, and writes the others. */
async function startHeldModel(count = 3) {
  const goOn = latch();
  const openai = await startOpenAI(async (pen) => {
    const { open, cards, close } = pieces(Array.from({ length: count }, (_, n) => card(n + 1)));
    pen.text(open + cards[0]);
    await goOn.wait;
    pen.text(cards.slice(1).join('') + close);
    pen.finish('stop');
  });
  return { ...openai, goOn: goOn.open };
}

/** All items of a job. */
async function itemsOf(job: Pick<Job<'flashcards'>, 'items'>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const { value } of job.items()) items.push(value);
  return items;
}

const CARDS = [card(1), card(2), card(3)];

test('the types of the client are those that its script prints of the kinds and of the OpenAPI document', () => {
  const committed = (name: string) => readFileSync(new URL(`../../client/src/${name}`, import.meta.url), 'utf8');
  const bare = (text: string) => text.replaceAll(/[\s,;|]+/g, ' ').replaceAll(/\(\s|\s\)|\]\s/g, (part) => part.trim());
  expect(bare(committed('kinds.ts'))).toBe(bare(printKinds(kinds)));
  expect(bare(committed('shapes.ts'))).toBe(bare(printShapes()));
  expect(bare(committed('codes.ts'))).toBe(bare(printCodes()));
});

test('several readers of one job see everything, whenever they come, over one connection', async () => {
  const model = await startHeldModel();
  const stack = await startStack(model.env);
  await stack.startWorker();
  const job = await clientOf(stack).flashcards({ content: 'Notes.', count: 3 });
  const early = itemsOf(job);
  const first = (await job.items()[Symbol.asyncIterator]().next()).value;
  expect(first).toMatchObject({ type: 'item', list: 'flashcards', index: 0, value: card(1) });
  const late = itemsOf(job);
  expect((await stack.get('/health'))['followers']).toBe(1);
  model.goOn();
  expect(await Promise.all([early, late, itemsOf(job), job.result()])).toEqual([CARDS, CARDS, CARDS, { flashcards: CARDS }]);
  expect(await itemsOf(job)).toEqual(CARDS); // after the end, too
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
});

test('who stops to read closes the connection; a pause closes it for all, and they go on where they were', async () => {
  const model = await startHeldModel();
  const stack = await startStack(model.env);
  await stack.startWorker();
  const followers = async () => (await stack.get('/health'))['followers'] as number;
  const job = await clientOf(stack).flashcards({ content: 'Notes.', count: 3 });
  for await (const event of job) if (event.type === 'item') break;
  await expect.poll(followers).toBe(0);
  const reading = itemsOf(job);
  await expect.poll(followers).toBe(1);
  job.pause();
  await expect.poll(followers).toBe(0);
  model.goOn();
  await expect.poll(() => stack.get(`/api/jobs/${job.id}`, { 'user-id': 'ana' })).toMatchObject({ status: 'completed' });
  job.resume();
  expect(await reading).toEqual(CARDS);
});

test('a job is found again by its id, from its start or from a cursor, with the address of its stream or without', async () => {
  const model = await startHeldModel();
  const stack = await startStack(model.env);
  await stack.startWorker();
  const first = await clientOf(stack).flashcards({ content: 'Notes.', count: 3 });
  for await (const event of first) if (event.type === 'item') break;
  const { id, cursor, streamUrl } = first;
  expect(cursor).toBeGreaterThan(0);
  model.goOn();
  const ai = clientOf(stack);
  expect(await itemsOf(ai.resume<'flashcards'>(id))).toEqual(CARDS);
  expect(await itemsOf(ai.resume<'flashcards'>(id, { cursor, streamUrl }))).toEqual(CARDS.slice(1));
  const over = ai.resume<'flashcards'>(id, { cursor: 1000 }); // it was never there, so all comes again
  expect(await over.result()).toEqual({ flashcards: CARDS });
  const ended = ai.resume<'flashcards'>(id);
  await ended.result();
  expect(await ai.resume<'flashcards'>(id, { cursor: ended.cursor }).result()).toEqual({ flashcards: CARDS }); // past the end
});

test('a cursor is how far its reader is, however much has arrived: what was not read comes after it, and nothing twice', async () => {
  const cards = Array.from({ length: 8 }, (_, n) => ({ front: `front ${n}`, back: `back ${n}` }));
  const openai = await startOpenAI(answerWith(cards));
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const ai = clientOf(stack);
  const job = await ai.flashcards({ content: 'Notes.', count: 8 });
  const events: string[] = [];
  job.subscribe(({ type }) => void events.push(type)); // it is given everything at once
  const kept: (number | undefined)[] = [];
  for await (const { index } of job.items()) {
    await expect.poll(() => events.at(-1)).toBe('completed'); // all has arrived
    kept[index] = job.cursor;
  }
  expect(new Set(kept).size).toBe(8);
  for (const [index, cursor] of kept.entries()) {
    const rest = ai.resume<'flashcards'>(job.id, { cursor, streamUrl: job.streamUrl });
    expect([index, await itemsOf(rest)]).toEqual([index, cards.slice(index + 1)]);
  }
});

/** The fetch of a platform that has no stream to read, such as React Native's own. */
const withoutStreams: typeof fetch = async (input, init) => Object.defineProperty(await fetch(input, init), 'body', { value: null });

test('where fetch has no stream to read the job is polled, and says so; items come once and in order all the same', async () => {
  const model = await startHeldModel();
  const stack = await startStack(model.env);
  await stack.startWorker();
  const job = await clientOf(stack, { fetch: withoutStreams }).flashcards({ content: 'Notes.', count: 3 });
  const seen: unknown[] = [];
  const percents: number[] = [];
  for await (const event of job) {
    if (event.type === 'progress') percents.push(event.percent);
    if (event.type !== 'item') continue;
    seen.push(event.value);
    model.goOn();
  }
  expect([seen, job.transport]).toEqual([CARDS, 'poll']);
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  expect(percents.length).toBeGreaterThan(0);
});

test('the job that a job leads to is told once, by its stream and by polls', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const image = readFileSync(new URL('../../scripts/smoke/water.png', import.meta.url)).toString('base64');
  const job = await clientOf(stack).image({ image, then: 'flashcards' });
  for (const ai of [clientOf(stack), clientOf(stack, { fetch: withoutStreams })]) {
    const told: unknown[] = [];
    const again = ai.resume<'image'>(job.id);
    for await (const event of again) if (event.type === 'child') told.push(event.child.jobId);
    expect(told).toEqual([(await again.result()).child?.jobId]);
    expect(told[0]).toContain('generate-flashcards');
  }
});

test('the token is asked anew for every request; one that has expired is replaced', async () => {
  const project = await startProject();
  const openai = await startOpenAI(answerWith(CARDS));
  const stack = await startStack({ ...openai.env, ...project.env });
  await stack.startWorker();
  let asked = 0;
  const token = async () => {
    asked++;
    return project.token(ANA);
  };
  const job = await createClient({ baseUrl: stack.url, token, backoff: BACKOFF }).flashcards({ content: 'Notes.', count: 3 });
  expect(await job.result()).toEqual({ flashcards: CARDS });
  expect(asked).toBeGreaterThan(1);

  // A stream's token that is not good any more: the status has a fresh one.
  const stale = createClient({ baseUrl: stack.url, token, backoff: BACKOFF });
  const streamUrl = `/api/jobs/${job.id}/events?token=${'a'.repeat(8)}.${'b'.repeat(43)}`;
  const expired = createClient({ baseUrl: stack.url, backoff: BACKOFF }).resume(job.id, { streamUrl });
  await expect(expired.result()).rejects.toMatchObject({ code: 'unauthorized' });
  expect(await stale.resume<'flashcards'>(job.id, { streamUrl }).result()).toEqual({ flashcards: CARDS });
});

test('a token never goes to another server, whatever address was kept, and a server that does not wait is not asked in a loop', async () => {
  for (const baseUrl of ['', '/ai', 'https://api.example', 'https://api.example/ai']) {
    const asked: { url: URL; redirect: string | undefined }[] = [];
    const spy: typeof fetch = async (input, init) => {
      asked.push({ url: new URL(input, 'http://localhost'), redirect: init?.redirect });
      return new Response('{}');
    };
    const ai = createClient({ baseUrl, token: 'secret', fetch: spy, backoff: BACKOFF });
    const jobs = trickyAddresses('evil.example', createDice(17)).map((streamUrl, n) => ai.resume(`job-${n}`, { streamUrl }));
    for (const job of jobs) void job.result().catch(() => {});
    // Each goes on with polls, which are addresses of the client's own.
    const polled = () => jobs.filter(({ id }) => asked.some(({ url }) => url.pathname.endsWith(id))).length;
    await expect.poll(polled).toBe(jobs.length);
    for (const job of jobs) job.pause();
    const own = new URL(`${baseUrl}/`, 'http://localhost');
    expect(asked.filter(({ url }) => url.origin !== own.origin || !url.pathname.startsWith(own.pathname))).toEqual([]);
    expect(new Set(asked.map(({ redirect }) => redirect))).toEqual(new Set(['manual']));
    expect(asked.length).toBeLessThan(50 * jobs.length); // in a loop it would be thousands for each
  }
});

test('what a client sends does not go along with a redirect', async () => {
  const other = await startVendorServer((response) => sendJson(response, 200, {}));
  const server = await startVendorServer((response, { url }) => response.writeHead(307, { location: other.url + url }).end());
  const ai = createClient({ baseUrl: server.url, token: 'secret', headers: { 'user-id': 'ana' }, backoff: BACKOFF });
  await expect(ai.flashcards({ content: 'Notes.' })).rejects.toMatchObject({
    code: 'http_307',
    retryable: false,
    detail: expect.stringContaining('baseUrl'),
  });
  await expect(ai.resume('x', { streamUrl: '/api/jobs/x/events' }).result()).rejects.toBeInstanceOf(JobError);
  expect([server.calls.length > 0, other.calls]).toEqual([true, []]);
});

test('what the server refuses is a typed problem, and so is a job that fails or is cancelled, or is not there', async () => {
  const model = await startOpenAI((pen, { material }) =>
    material['content'] === 'Bad.' ? pen.fail(400, { error: { message: 'no' } }) : undefined,
  );
  const stack = await startStack(model.env);
  await stack.startWorker();
  const ai = clientOf(stack);
  const refused = await ai.flashcards({ content: '', count: 99 }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiError);
  expect(refused).toMatchObject({ code: 'invalid_input', status: 400, retryable: false });
  expect((refused as ApiError).errors?.map(({ pointer }) => pointer)).toContain('#/count');

  const failing = await ai.flashcards({ content: 'Bad.' });
  const failure = await failing.result().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(JobError);
  expect(failure).toMatchObject({ code: 'provider_rejected', retryable: false });

  const slow = await ai.flashcards({ content: 'Slow.' });
  const waiting = slow.result().catch((error: unknown) => error);
  expect(await slow.cancel()).toMatchObject({ status: 'cancelled' });
  expect(await waiting).toMatchObject({ code: 'cancelled' });
  expect(await slow.status()).toMatchObject({ status: 'cancelled' });
  await slow.delete();
  await expect(ai.resume(slow.id).result()).rejects.toMatchObject({ code: 'job_not_found', status: 404 });
  await expect(slow.status()).rejects.toMatchObject({ code: 'job_not_found' });
});

test('a submission that is refused for a while is sent again under the same key, and is one job', async () => {
  const openai = await startOpenAI(answerWith(CARDS));
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const keys: string[] = [];
  const unlucky: typeof fetch = async (input, init) => {
    const key = new Headers(init?.headers).get('idempotency-key');
    if (key !== null) keys.push(key);
    if (keys.length === 1) throw new TypeError('fetch failed'); // it was not reached
    const response = await fetch(input, init);
    if (keys.length === 2) return new Response('busy', { status: 503 }); // the answer got lost
    return response;
  };
  const job = await clientOf(stack, { fetch: unlucky }).flashcards({ content: 'Notes.', count: 3 });
  expect([keys.length, new Set(keys).size]).toEqual([3, 1]);
  const { jobs } = await stack.get('/api/jobs', { 'user-id': 'ana' });
  expect(jobs.map(({ jobId }: { jobId: string }) => jobId)).toEqual([job.id]);
});

test('an app that was closed before the answer submits the same again under its own key, and it is one job; its targets go along', async () => {
  const stack = await startStack({ WEBHOOK_SECRET: 'a secret of sixteen' });
  await stack.startWorker();
  const receiver = await startReceiver();
  const submit = () => clientOf(stack).flashcards({ content: 'Hund: dog', callbackUrl: receiver.url }, { idempotencyKey: 'kept' });
  const [first, again] = [await submit(), await submit()];
  expect(again.id).toBe(first.id);
  const [call] = await receiver.called(1);
  expect(JSON.parse(call?.body ?? '')).toMatchObject({ data: { jobId: first.id } });
});

test('where there is no crypto, as in React Native, each submission has a key of its own all the same', async () => {
  const stack = await startStack();
  const keys: string[] = [];
  const ai = clientOf(stack, {
    fetch: (input, init) => {
      keys.push(new Headers(init?.headers).get('idempotency-key') ?? '');
      vi.unstubAllGlobals(); // the server, which is in this process, has a crypto
      return fetch(input, init);
    },
  });
  for (const content of ['Hund: dog', 'Katze: cat']) {
    vi.stubGlobal('crypto', undefined);
    await ai.flashcards({ content });
  }
  expect(keys).toEqual([expect.stringMatching(/^[\da-f]{32}$/), expect.stringMatching(/^[\da-f]{32}$/)]);
  expect(new Set(keys).size).toBe(2);
});

test('a file is given as a Blob, as base64, or as React Native has it', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const bytes = readFileSync(new URL('../../scripts/smoke/water.png', import.meta.url));
  const ai = clientOf(stack);
  const base64 = bytes.toString('base64');
  const blob = new Blob([bytes], { type: 'image/png' });
  const images = [
    blob,
    base64,
    `data:image/png;base64,${base64}`,
    { uri: `data:image/png;base64,${base64}`, name: 'a.png', type: 'image/png' }, // as pickers of a browser and of a phone give it
    { uri: URL.createObjectURL(blob) },
  ];
  for (const image of images) {
    const job = await ai.image({ image, languages: ['en', 'de'], then: 'flashcards', thenInput: { count: 2 } });
    const { text, child } = await job.result();
    expect(text).toContain('Water');
    const next = await ai.resume<'flashcards'>(child?.jobId ?? '', { streamUrl: child?.streamUrl }).result();
    expect(next.flashcards.length).toBeGreaterThan(0);
  }
});

test('a file of the phone is read once by its URI; one that is gone, empty or too large is told at once, and nothing is sent', async () => {
  const bytes = readFileSync(new URL('../../scripts/smoke/water.png', import.meta.url));
  const stack = await startStack();
  const sent: string[] = [];
  const read: string[] = [];
  const ai = clientOf(stack, {
    fetch: (address, init) => {
      sent.push(address as string);
      // What `expo/fetch` takes of a form: texts and Blobs.
      const parts = init?.body instanceof FormData ? [...init.body.values()] : [];
      for (const part of parts) expect(typeof part === 'string' || part instanceof Blob).toBe(true);
      return fetch(address, init);
    },
    async readFile(uri) {
      read.push(uri);
      if (uri.endsWith('gone.png')) throw new Error('no such file');
      if (uri.endsWith('empty.png')) return new Uint8Array();
      return uri.endsWith('large.png') ? new Uint8Array(10 * 1024 * 1024 + 1) : new Uint8Array(bytes);
    },
  });
  const job = await ai.image({ image: { uri: 'file:///photos/a.png', name: 'a.png', type: 'image/png' } });
  expect([job.id.startsWith('process-image-'), read, sent.length]).toEqual([true, ['file:///photos/a.png'], 1]);

  for (const [name, code] of [
    ['gone', 'unreadable_file'],
    ['empty', 'unreadable_file'],
    ['large', 'payload_too_large'],
  ]) {
    const refused = ai.image({ image: { uri: `file:///photos/${name}.png` } });
    await expect(refused).rejects.toBeInstanceOf(ApiError);
    await expect(refused).rejects.toMatchObject({ code, retryable: false });
  }
  await expect(ai.image({ image: new Blob([new Uint8Array(11_000_000)]) })).rejects.toMatchObject({ code: 'payload_too_large' });
  await expect(clientOf(stack).image({ image: { uri: 'file:///photos/a.png' } })).rejects.toMatchObject({ code: 'unreadable_file' }); // Node has no such fetch
  expect([read.length, sent.length]).toEqual([4, 1]);
});
