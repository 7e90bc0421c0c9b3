/** A Redis cluster under load: masters die, stand still and change places, and the slot of all keys moves. The ledger closes all the same. */
import { expect, test } from 'vitest';
import { type OwnCluster, ownCluster } from '../support/cluster.ts';
import { type Process, type Stack, startStack } from '../support/stack.ts';
import { type Answer, startArrivals } from './clients.ts';
import { auditAll, expectUnharmed } from './ledger.ts';
import { type Model, startModel } from './model.ts';
import { pass } from '../support/waits.ts';

/** How many jobs come in a second, and how many streams each has: `JOBS_A_SECOND=30 FOLLOWERS=9 npm run test:chaos -- cluster`. */
const JOBS_A_SECOND = Number(process.env['JOBS_A_SECOND'] ?? 6);
const FOLLOWERS = Number(process.env['FOLLOWERS'] ?? 2);
const CARDS = 10;

/** How many cards are written before a disaster, and after it: those of two seconds. */
const CALM = 2 * JOBS_A_SECOND * CARDS;

/** Two APIs and two workers on a cluster, with clients at both APIs. `key`: one of theirs. */
type Scene = { cluster: OwnCluster; stack: Stack; key: string; apis: Process[]; workers: Process[]; model: Model };

/** What comes over the cluster; resolves once it is over, and all nodes run again. */
type Disaster = (scene: Scene) => Promise<void>;

const DISASTERS: Record<string, Disaster> = {
  async 'another master is killed'({ cluster, key }) {
    const [other = 0] = await cluster.othersThan(key);
    await cluster.kill(other);
    await cluster.whole();
    await cluster.start(other);
  },
  async 'failover in agreement'({ cluster, key }) {
    await cluster.failover(await cluster.replicaOf(await cluster.ownerOf(key)));
  },
  async 'our master is killed'({ cluster, key }) {
    const owner = await cluster.ownerOf(key);
    await cluster.kill(owner);
    await cluster.whole();
    await cluster.start(owner);
  },
  async 'our master stands still for 9 s'({ cluster, key }) {
    const owner = await cluster.ownerOf(key);
    cluster.freeze(owner);
    await pass(9000);
    cluster.thaw(owner);
  },
};

/** Lets disasters come one after the other over clients at work, and closes the books. */
async function run(disasters: Record<string, Disaster>): Promise<void> {
  const cluster = await ownCluster();
  const model = await startModel({ cardMs: 60 });
  const limits = { RATE_LIMIT_MAX: '100000', WORKER_CONCURRENCY: '20', LOG_LEVEL: 'info' };
  const stack = await startStack({ REDIS_URL: cluster.url, ...model.env, ...limits });
  const apis = [stack.api, await stack.startApi()];
  const workers = [await stack.startWorker(), await stack.startWorker()];
  const scene = { cluster, stack, key: `${stack.prefix}:key`, apis, workers, model };

  let phase = 'calm';
  const clients = startArrivals(apis, stack, 1000 / JOBS_A_SECOND, FOLLOWERS, () => phase);
  await model.hasWritten(CALM);
  for (const [name, come] of Object.entries(disasters)) {
    phase = name;
    await come(scene);
    await cluster.whole();
    await expectAllAtWork(scene);
    await model.hasWritten(model.written() + CALM);
  }
  const entries = await clients.finish();
  for (const name of Object.keys(disasters)) report(name, clients.answers);

  const accounts = await auditAll(stack.url, entries);
  expect(accounts.map(({ end, items }) => [end.event, items.length])).toEqual(accounts.map(() => ['completed', CARDS]));
  const attempts = accounts.flatMap(({ rows }) => rows.filter(({ event }) => event === 'attempt'));
  process.stdout.write(
    `${entries.length} jobs, ${attempts.length} attempts lost, ${model.written() - CARDS * entries.length} cards paid again\n`,
  );
  expect(attempts).toEqual([]);
  expect(model.written()).toBe(CARDS * entries.length);
  await expectUnharmed([...workers, ...apis], 5000 + entries.length * (10 + FOLLOWERS)); // each job and each stream has its lines
}

/** No process is silent while it says that it is well: each takes up work, or answers, from now on. */
async function expectAllAtWork({ apis, workers }: Scene): Promise<void> {
  const started = ({ log }: Process) => log().filter(({ msg }) => msg === 'job started').length;
  const before = workers.map(started);
  await expect.poll(() => workers.every((worker, n) => started(worker) > (before[n] ?? 0))).toBe(true);
  const well = async () =>
    Promise.all(
      [...workers.map(({ url }) => `${url}/health`), ...apis.map(({ url }) => `${url}/ready`)].map(
        async (url) => (await fetch(url)).status,
      ),
    );
  await expect.poll(well).toEqual([200, 200, 200, 200]);
}

/** Says for how long clients had to try until a submission was accepted. */
function report(name: string, answers: readonly Answer[]): void {
  const then = answers.filter(({ sent }) => sent === name);
  const longest = Math.max(...then.filter(({ status }) => status === 202).map(({ triedMs }) => triedMs));
  const refused = then.filter(({ status }) => status === 503).length;
  process.stdout.write(`${name}: a submission was accepted after ${(longest / 1000).toFixed(1)} s at most, ${refused} answers were 503\n`);
}

test('masters of a cluster are killed, frozen and replaced: nothing is lost, nothing is paid twice, and nobody falls silent', async () => {
  await run(DISASTERS);
});

test('the slot of all keys moves to another master in one step, three times: no attempt is spent', async () => {
  await run({
    async 'our slot moves three times'({ cluster, key }) {
      for (let time = 0; time < 3; time++) {
        const [to = 0] = await cluster.othersThan(key);
        await cluster.moveSlot(key, to);
        await cluster.whole();
        expect(await cluster.ownerOf(key)).toBe(to);
      }
    },
  });
});
