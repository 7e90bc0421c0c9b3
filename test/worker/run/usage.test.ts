/** What jobs have used: believed only where it makes sense, estimated where nobody said, and counted whatever ends them, a killed process too. */
import { beforeEach, expect, test } from 'vitest';
import { answerWith, card, endless, latch, pieces, startOpenAI, type Answer } from '../../support/openai.ts';
import { isEnd, watch } from '../../support/sse.ts';
import { startStack as startProcesses } from '../../support/stack.ts';
import { startStack, type Stack } from '../../support/stack-in-process.ts';
import { awayFromMidnight } from '../../support/hold-time.ts';

beforeEach(() => awayFromMidnight());

const ANA = { 'user-id': 'ana' };

const end = async (stack: Stack, job: Record<string, any>) => (await stack.watch(job)).until(isEnd);

/** Submits for ana; the answer's status. */
const submit = async (stack: Stack): Promise<number> => {
  const response = await fetch(`${stack.url}/api/ai/generate-flashcards`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...ANA },
    body: JSON.stringify({ content: 'Notes.' }),
  });
  return response.status;
};

/** Two cards, and then pieces of a third without an end. */
const thirdWithoutEnd = (seen: () => void): Answer => {
  const { open, cards } = pieces([card(1), card(2)]);
  return (pen, call) => {
    pen.text(`${open + cards.join('')},{"front":"`);
    return endless(call, (n) => {
      pen.text('word ');
      if (n === 100) seen();
    });
  };
};

test('usage that makes no sense neither frees a budget, nor fails a job, nor reaches a client', async () => {
  const told = [
    { prompt_tokens: -1_000_000, completion_tokens: -1_000_000 },
    { prompt_tokens: 1.5, completion_tokens: 1.5 },
    { prompt_tokens: 'many', completion_tokens: '20' },
  ];
  const openai = await startOpenAI((pen, _, n) => {
    pen.text(JSON.stringify({ flashcards: [card(1)] }));
    pen.finish('stop', told[n - 1]);
  });
  const stack = await startStack(openai.env);
  await stack.startWorker();
  for (const [n] of told.entries()) {
    const { event, data } = await end(stack, await stack.submit({ content: 'Notes.', count: 1 }));
    expect(event).toBe('completed');
    for (const tokens of [data['usage'].inputTokens, data['usage'].outputTokens]) {
      expect(Number.isSafeInteger(tokens)).toBe(true);
      expect(tokens).toBeGreaterThan(0);
    }
    expect(data['usage'].estimated).toBe(n === 1 ? undefined : true);
  }
  expect(openai.calls).toHaveLength(told.length);
});

test('a job that is cancelled late has used what was written for it, and so has its user', async () => {
  const late = latch();
  const openai = await startOpenAI(thirdWithoutEnd(late.open));
  const stack = await startStack({ ...openai.env, DAILY_TOKENS_PER_USER: '100' });
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, ANA);
  await late.wait;
  await fetch(stack.url + job['cancelUrl'], { method: 'POST', headers: ANA });
  const look = async () => (await stack.get(job['statusUrl'], ANA))['usage'];
  await openai.calls[0]?.over;
  await expect.poll(async () => (await look())?.outputTokens).toBeGreaterThan(90);
  expect(await look()).toMatchObject({ estimated: true });
  expect((await look()).inputTokens).toBeGreaterThan(50);
  await expect.poll(() => submit(stack)).toBe(429);
});

test("the end of a cancelled job tells no usage, in its stream and its user's; its status has it, with another ETag each time it changes", async () => {
  const late = latch();
  const openai = await startOpenAI(thirdWithoutEnd(late.open));
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, ANA);
  const [stream, all] = [await stack.watch(job), await watch(`${stack.url}/api/events`, ANA)];
  await late.wait;
  await fetch(stack.url + job['cancelUrl'], { method: 'POST', headers: ANA });
  for (const watched of [stream, all]) {
    const { event, data } = await watched.until(isEnd);
    expect([event, Object.keys(data).toSorted()]).toEqual(['cancelled', ['jobId', 'seq', 'type']]);
  }

  const seen = new Map<string, unknown>();
  const look = async (headers = {}) => {
    const response = await fetch(`${stack.url}/api/jobs/${job['jobId']}`, { headers: { ...ANA, ...headers } });
    const tag = response.headers.get('etag') ?? '';
    if (response.status === 304) return { tag, status: 304 };
    const { usage } = (await response.json()) as Record<string, any>;
    if (seen.has(tag)) expect(usage).toEqual(seen.get(tag));
    seen.set(tag, usage);
    return { tag, status: response.status, usage };
  };
  const { tag: before } = await look();
  await openai.calls[0]?.over;
  await expect.poll(async () => (await look()).usage?.outputTokens).toBeGreaterThan(90);
  const { tag: settled } = await look();
  expect(await look({ 'if-none-match': settled })).toEqual({ tag: settled, status: 304 });
  if (before !== settled) expect((await look({ 'if-none-match': before })).status).toBe(200);
  // The stream that is opened now tells what the first one did.
  expect((await (await stack.watch(job)).until(isEnd)).data).not.toHaveProperty('usage');
});

test('a worker that is killed hides nothing: what its call had come to with the last item stays counted, as an estimate', async () => {
  const openai = await startOpenAI((pen, call, n) => {
    if (n > 1) return answerWith()(pen, call, n);
    const { open, cards } = pieces(Array.from({ length: 5 }, (_, index) => card(index + 1)));
    pen.text(open + cards.join('')); // and then it takes its time
    return undefined;
  });
  const stack = await startProcesses({ ...openai.env, WORKER_STALLED_INTERVAL_MS: '1000' });
  const first = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' });
  const stream = await stack.watch(job);
  await stream.until(({ data }) => data['index'] === 4);
  await first.stop('SIGKILL');
  await stack.startWorker();
  const { event, data } = await stream.until(isEnd);
  expect(event).toBe('completed');
  const { inputTokens, outputTokens, estimated } = data['usage'];
  expect(estimated).toBe(true);
  expect(inputTokens).toBeGreaterThan(100 + 100); // what the second call told, and an estimate of the same prompt
  expect(outputTokens).toBeGreaterThanOrEqual(50 + 40); // 5 cards told, 5 cards of about 40 characters each
});

test('nothing is counted where no response began', async () => {
  const openai = await startOpenAI((pen) => pen.fail(503, { error: { message: 'busy' } }));
  const stack = await startStack({ ...openai.env, DAILY_TOKENS_PER_USER: '1', JOB_ATTEMPTS: '2' });
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, ANA);
  const stream = await stack.watch(job);
  const { event, data } = await stream.until(isEnd);
  expect([event, data['usage']]).toEqual(['failed', undefined]);
  expect(openai.calls.length).toBeGreaterThan(1);
  expect(await submit(stack)).toBe(202);
});

test('a job that is cut off and then made good has both calls in its usage, and says that some of it is an estimate', async () => {
  const openai = await startOpenAI((pen, call, n) => {
    if (n > 1) return answerWith()(pen, call, n);
    const { open, cards } = pieces([card(1)]);
    pen.text(open + cards.join(''));
    return pen.finish(null as never); // the connection ends
  });
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const { data } = await end(stack, await stack.submit({ content: 'Notes.', count: 3 }));
  expect(data['usage']).toMatchObject({ estimated: true });
  expect(data['usage'].inputTokens).toBeGreaterThan(200);
  expect(data['usage'].outputTokens).toBeGreaterThan(20);
});
