/** Holds many jobs, as workers would, and appends rows to their journals at a pace, one job after the other. */
import { eventData } from './servers/publish.ts';
import { holdJobs } from './redis.ts';

/** What the process is told. `hold`: so many jobs, of so many users. `publish`: rows in a second, for so many seconds. */
export type PublisherOrder = { hold: number; users: number } | { publish: number; seconds: number };

const { REDIS_URL = '' } = process.env;

let held: Awaited<ReturnType<typeof holdJobs>>['jobs'] = [];
let next = 0;

/** Appends the next row. Rows have the form of a card's, and say when they were made. */
async function append(): Promise<void> {
  const n = next++;
  const job = held[n % held.length];
  const row = { ...JSON.parse(eventData(n)), seq: undefined };
  await job?.journal.append(row, { percent: 1, stage: 'x', items: 1 });
}

/** Resolves once all rows are appended, with how many there were. */
async function publish(perSecond: number, seconds: number): Promise<number> {
  const start = performance.now();
  const total = perSecond * seconds;
  const pending: Promise<void>[] = [];
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(Math.floor(((performance.now() - start) * perSecond) / 1000), total);
      while (pending.length < due) pending.push(append());
      if (due < total) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(pending);
  return total;
}

process.on('message', (order: PublisherOrder | string) => {
  if (typeof order !== 'object') return;
  const work = async () => {
    if ('hold' in order) {
      const { jobs } = await holdJobs(REDIS_URL, order.hold, (n) => `user ${n % order.users}`);
      held = jobs;
      process.send?.({ holding: jobs.map(({ id }) => id) });
    } else if ('publish' in order) process.send?.({ published: await publish(order.publish, order.seconds) });
  };
  void work();
});
process.send?.({ ready: true });
