/** A Redis that comes back with an older state: what it has lost is written again, or told, and no id means two things. */
import { expect, test } from 'vitest';
import { latch, pieces, startOpenAI } from '../support/openai.ts';
import { ownRedis } from '../support/redis.ts';
import { startStack } from '../support/stack.ts';
import { auditAll, expectUnharmed } from './ledger.ts';

const JOBS = 3;
const CARDS = 10;

/** Cards tell which call wrote them, so that what is written anew differs from what was lost. */
const cardOf = (call: number, n: number, content: string) => ({ front: `front ${n} of ${content}, call ${call}`, back: `back ${n}` });

/** Three jobs: four cards of each are on disk, three more in Redis' memory alone when it crashes, the last three come after it. */
async function crash({ workerDies, lockMs }: { workerDies: boolean; lockMs: number }) {
  const redis = await ownRedis('saves');
  const [saved, restored] = [latch(), latch()];
  const calls: { content: string; wanted: number }[] = [];
  const openai = await startOpenAI(async (pen, { material }) => {
    const [content, wanted, had] = [String(material['content']), Number(material['count']), material['alreadyAsked'].length as number];
    calls.push({ content, wanted });
    const call = calls.filter((earlier) => earlier.content === content).length;
    const { open, cards, close } = pieces(Array.from({ length: wanted }, (_, n) => cardOf(call, had + n + 1, content)));
    pen.text(open + cards.slice(0, 4).join(''));
    if (call === 1) await saved.wait;
    pen.text(cards.slice(4, 7).join(''));
    if (call === 1) await restored.wait;
    pen.text(cards.slice(7).join('') + close);
    pen.finish('stop', { prompt_tokens: 100, completion_tokens: 10 * cards.length });
  });
  const stack = await startStack({ REDIS_URL: redis.url, ...openai.env, WORKER_STALLED_INTERVAL_MS: String(lockMs) });
  const worker = await stack.startWorker();
  const jobs = await Promise.all(Array.from({ length: JOBS }, (_, n) => stack.submit({ content: `job ${n}`, count: CARDS })));
  const streams = await Promise.all(jobs.map((job) => stack.watch(job)));
  const haveCard = (index: number) => Promise.all(streams.map((stream) => stream.until(({ data }) => data['index'] === index)));

  await haveCard(3);
  await redis.command('SAVE');
  saved.open();
  await haveCard(6);
  await redis.kill();
  if (workerDies) await worker.stop('SIGKILL');
  await redis.start();
  const left = workerDies ? await stack.startWorker() : worker;
  restored.open();

  await Promise.all(streams.map((stream) => stream.ended));
  const accounts = await auditAll(
    stack.url,
    jobs.map((job, index) => ({ job, followed: [streams[index]?.events ?? []] })),
  );
  await expectUnharmed([left, stack.api]);
  expect(accounts.map(({ end, items }) => [end.event, items.length])).toEqual(Array.from({ length: JOBS }, () => ['completed', CARDS]));
  const wanted = jobs.map((_, n) => calls.filter(({ content }) => content === `job ${n}`).map((call) => call.wanted));
  return { accounts, wanted, streams: streams.map(({ events }) => events) };
}

test('a run that goes on writes the lost rows again: nothing is bought twice', async () => {
  const { wanted } = await crash({ workerDies: false, lockMs: 60_000 });
  expect(wanted).toEqual(Array.from({ length: JOBS }, () => [CARDS]));
});

test('a worker that takes its own job over writes the lost rows again, and asks for the rest alone', async () => {
  const { wanted } = await crash({ workerDies: false, lockMs: 1200 });
  for (const counts of wanted) expect([[CARDS], [CARDS, 3]]).toContainEqual(counts);
});

test('where the worker is lost too, followers are told to drop what was lost, and get all that there is now', async () => {
  const { wanted, streams } = await crash({ workerDies: true, lockMs: 1200 });
  expect(wanted).toEqual(Array.from({ length: JOBS }, () => [CARDS, 6]));
  for (const events of streams) expect(events.map(({ event }) => event)).toContain('reset');
});
