/**
 * An app with an outbox, as a process: `node outbox-app.ts FOLDER SETTINGS`. It submits what it has not submitted, reads each job to its end, and
 * ends by itself. What it keeps is in files of the folder, and each thing that it is given is a line of `seen.jsonl`.
 */
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiError, type Connection, createClient, type KeptJob, type KeyValueStorage } from '../../client/src/index.ts';

/** One life of the app. `killAt`: the step at which it is killed; `leaveAfter`: stops reading after so many items; 0 for never. */
export type Life = {
  url: string;
  user: string;
  submissions: number;
  count: number;
  life: number;
  killAt: number;
  leaveAfter: number;
};

/** What the app writes down. */
export type Seen =
  | { type: 'begin' | 'over'; life: number }
  | { type: 'safe'; life: number; key: string }
  | { type: 'reset' | 'unreachable' | 'completed' | 'failed' | 'cancelled'; life: number; key: string }
  | { type: 'item'; life: number; key: string; index: number; front: string }
  | { type: 'silent'; life: number; key: string; connection: Connection };

const [folder = '', settings = '{}'] = process.argv.slice(2);
const { url, user, submissions, count, life, killAt, leaveAfter } = JSON.parse(settings) as Life;

const note = (seen: Seen): void => appendFileSync(join(folder, 'seen.jsonl'), `${JSON.stringify(seen)}\n`);

/** All that it did and may be killed at. */
let steps = 0;
function step(): void {
  if (++steps === killAt) process.kill(process.pid, 'SIGKILL');
}

const fileOf = (key: string): string => join(folder, `${encodeURIComponent(key)}.kept`);

/** A storage in files, each written whole or not at all. */
const storage: KeyValueStorage = {
  async getItem(key) {
    try {
      return readFileSync(fileOf(key), 'utf8');
    } catch {
      return null;
    }
  },
  async setItem(key, value) {
    step();
    writeFileSync(`${fileOf(key)}.new`, value);
    step();
    renameSync(`${fileOf(key)}.new`, fileOf(key));
    step();
  },
  async removeItem(key) {
    step();
    rmSync(fileOf(key), { force: true });
    step();
  },
};

const ai = createClient({
  baseUrl: url,
  headers: { 'user-id': user },
  storage,
  heartbeatMs: 1200,
  timeoutMs: 5000,
  backoff: { firstMs: 10, mostMs: 200 },
  async fetch(input, init) {
    step();
    const answer = await fetch(input, init);
    step();
    return answer;
  },
});

/** Whether a connection says nothing of why there is none, while somebody waits. */
const isSilent = ({ state, error, retryAt }: Connection): boolean => state === 'closed' || (state === 'offline' && (!error || !retryAt));

let taken = 0;
const hasLeft = (): boolean => leaveAfter > 0 && taken >= leaveAfter;

/** Reads a job to its end. A wait that ended in `unreachable` is begun again, as an app does that somebody looks at. */
async function read(job: KeptJob): Promise<void> {
  const key = job.key ?? '';
  for (;;) {
    let isWaiting = true;
    const stop = job.onConnection((connection) => {
      // Until the outbox has tried once there is nothing to tell, and at the end nobody waits any more.
      setImmediate(() => {
        if (isWaiting && job.connection === connection && job.id !== undefined && isSilent(connection))
          note({ type: 'silent', life, key, connection });
      });
    });
    try {
      for await (const event of job) {
        step();
        if (event.type === 'item') {
          note({ type: 'item', life, key, index: event.index, front: (event.value as { front: string }).front });
          taken++;
        } else if (event.type === 'reset' || event.type === 'completed' || event.type === 'failed' || event.type === 'cancelled') {
          note({ type: event.type, life, key });
        }
        step();
        if (hasLeft()) break;
      }
      isWaiting = false;
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'unreachable') throw error;
      // This wait has ended and says why. While the outbox's first try is still on its way, the connection can not say more.
      if (job.id !== undefined && isSilent(job.connection) && job.connection.state !== 'closed')
        note({ type: 'silent', life, key, connection: job.connection });
      note({ type: 'unreachable', life, key });
    } finally {
      isWaiting = false;
      stop();
    }
  }
}

note({ type: 'begin', life });
const jobs = await ai.restore();
for (let n = 0; n < submissions; n++) {
  const key = `${user}-${n}`;
  if (readSafe().has(key)) continue;
  const job = await ai.flashcards({ content: `Notes ${key}.`, count }, { idempotencyKey: key });
  note({ type: 'safe', life, key });
  if (!jobs.includes(job)) jobs.push(job);
  step();
}
await Promise.all(jobs.map(read));
if (!hasLeft()) note({ type: 'over', life });

/** The submissions of which the app was told that they are kept. */
function readSafe(): Set<string> {
  const lines = readFileSync(join(folder, 'seen.jsonl'), 'utf8').trim().split('\n');
  return new Set(lines.map((line) => JSON.parse(line) as Seen).flatMap((seen) => (seen.type === 'safe' ? [seen.key] : [])));
}
