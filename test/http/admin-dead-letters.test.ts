/** What went nowhere, in one list, each with an address that tries it again; and both are in the log of actions. */
import { expect, test } from 'vitest';
import { ArchiveOutbox } from '../../src/archive/outbox.ts';
import { answerWith, startOpenAI } from '../support/openai.ts';
import { openQueue } from '../support/queue.ts';
import { startReceiver } from '../support/receiver.ts';
import { isEnd } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const OPERATOR = { authorization: 'Bearer anas-own-secret' };
type Letter = Record<string, any>;

const ask = async ({ url }: Stack, path: string, method = 'GET') => {
  const answer = await fetch(url + path, { method, headers: OPERATOR });
  return { status: answer.status, body: (await answer.json()) as Record<string, any> };
};
const list = async (stack: Stack, query = '') =>
  (await ask(stack, `/admin/dead-letters${query}`)).body as { letters: Letter[]; nextCursor?: string };

/** All of them, page by page. */
async function listAll(stack: Stack, limit: number): Promise<Letter[]> {
  const found: Letter[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page = await list(stack, `?limit=${limit}${cursor && `&cursor=${cursor}`}`);
    found.push(...page.letters);
    cursor = page.nextCursor;
  }
  return found;
}

/** Three jobs that fail by their vendor, with webhooks that are refused for good, until both are mended. */
async function withLetters() {
  let isMended = false;
  const openai = await startOpenAI((pen, call, n) =>
    isMended ? answerWith()(pen, call, n) : pen.fail(400, { error: { message: 'No.' } }),
  );
  const receiver = await startReceiver((_request, response) => response.writeHead(isMended ? 204 : 410).end());
  const stack = await startStack({ ADMIN_TOKENS: 'ana:anas-own-secret', WORKER_RATE_MAX: '1000', ...openai.env });
  await stack.startWorker();
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    const callbackUrl = `${receiver.url}?secret=of-ana-${n}`; // another one each time: one that is gone is not called again
    const job = await stack.submit({ content: `Notes ${n}.`, callbackUrl }, { 'user-id': 'ana' });
    await (await stack.watch(job)).until(isEnd);
    ids.unshift(job['jobId'] as string);
  }
  await expect.poll(async () => (await list(stack, '?type=delivery')).letters).toHaveLength(3);
  return { stack, ids, receiver, mend: () => (isMended = true) };
}

test('failed deliveries and failed jobs are listed once each, however small the pages', async () => {
  const { stack, ids } = await withLetters();
  const all = await listAll(stack, 500);
  expect(all.map(({ type }) => type)).toEqual(['delivery', 'delivery', 'delivery', 'job', 'job', 'job']);
  expect(all.slice(3)).toEqual(
    ids.map((jobId) => ({
      id: `job.${jobId}`,
      type: 'job',
      jobId,
      kind: 'generate-flashcards',
      userId: 'ana',
      code: 'provider_rejected',
      at: expect.any(String),
      replay: `/admin/dead-letters/job.${jobId}/replay`,
    })),
  );
  expect(new Set(all.slice(0, 3).map(({ jobId }) => jobId as string))).toEqual(new Set(ids));
  expect(all[0]).toMatchObject({ channel: 'webhook', code: expect.any(String), id: expect.stringMatching(/^delivery\.msg_/) });
  expect(JSON.stringify(all)).not.toContain('of-ana');
  for (const limit of [1, 2, 3, 4]) expect([limit, await listAll(stack, limit)]).toEqual([limit, all]);
  expect((await ask(stack, '/admin/dead-letters?cursor=job')).status).toBe(400);
});

test('each is tried again by its address, once, and the log tells by whom', async () => {
  const { stack, ids, receiver, mend } = await withLetters();
  const [delivery] = (await list(stack, '?type=delivery&limit=1')).letters;
  const [job] = (await list(stack, '?type=job&limit=1')).letters;
  mend();
  const before = receiver.calls.length;
  expect(await ask(stack, delivery?.['replay'] as string, 'POST')).toEqual({ status: 202, body: { id: delivery?.['id'], replayed: true } });
  await receiver.called(before + 1);
  await expect.poll(async () => (await list(stack, '?type=delivery')).letters).toHaveLength(2);

  expect((await ask(stack, job?.['replay'] as string, 'POST')).status).toBe(202);
  const jobId = ids[0] as string;
  await expect.poll(() => stack.get(`/api/jobs/${jobId}`, { 'user-id': 'ana' })).toMatchObject({ status: 'completed' });
  expect((await list(stack, '?type=job')).letters.map((letter) => letter['jobId'])).toEqual(ids.slice(1));

  const { actions } = (await ask(stack, '/admin/actions')).body as { actions: Letter[] };
  expect(actions.map(({ by, what, scope, result }) => [by, what, scope, result])).toEqual([
    ['ana', 'replay', job?.['id'], 'done'],
    ['ana', 'replay', job?.['id'], 'begun'],
    ['ana', 'replay', delivery?.['id'], 'done'],
    ['ana', 'replay', delivery?.['id'], 'begun'],
  ]);
  for (const id of [job?.['id'], delivery?.['id'], 'archive.x', 'job.x', 'lost', 'delivery.a%2Fb'])
    expect([id, (await ask(stack, `/admin/dead-letters/${id}/replay`, 'POST')).status]).toEqual([id, 404]);
});

test('a refused row of the archive is found by its job, and sent again alone', async () => {
  const { store, redis, keys } = await openQueue();
  const outbox = new ArchiveOutbox(store, 60);
  const about = (code: string) => JSON.stringify({ code, at: '2026-11-23T21:32:57.440Z' });
  await redis.hset(keys.archive.parked, { b: about('23505'), a: about('22001'), c: 'none', d: about('42501') });
  expect(await outbox.parkedAfter(undefined, 2)).toMatchObject({ jobs: [{ jobId: 'a' }, { jobId: 'b' }], next: 'b' });
  expect(await outbox.parkedAfter('b', 1)).toEqual({ jobs: [], next: 'c' });
  expect(await outbox.parkedAfter('b', 10)).toMatchObject({ jobs: [{ jobId: 'd' }], next: undefined }); // what others have written is passed over
  expect(await outbox.parkedOf('a')).toMatchObject({ code: '22001' });
  expect(await outbox.parkedOf('x')).toBeUndefined();
  expect(await outbox.reopen('a')).toBe(1);
  expect(await outbox.reopen('a')).toBe(0);
  expect(await redis.zrange(keys.archive.outbox, '0', '-1')).toEqual(['a']);
  expect((await redis.hkeys(keys.archive.parked)).toSorted()).toEqual(['b', 'c', 'd']);
});
