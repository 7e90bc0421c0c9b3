/**
 * Callers in one process. Each one submits a job, follows its stream to the end, then submits the
 * next. The stream is opened at another API than the submission where there are several.
 */
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from './servers/clock.ts';

/**
 * What the process is told. `begin`: so many callers, the first submissions spread over so many ms;
 * `tell`: say what has come since the last time; `finish`: no further jobs.
 */
export type CallerOrder =
  | { begin: number; spreadMs: number; ports: number[]; path: string; body: string; users: number; cards: number }
  | { tell: true }
  | { finish: true };

/** What has come. `events`: frames with a name; `open`: streams that are open now; `ages`: of cards, in ms. */
export type Told = { jobs: number; events: number; open: number; ages: number[] };

const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

let told: Told = { jobs: 0, events: 0, open: 0, ages: [] };
let done = false;
let finished: Promise<unknown> = Promise.resolve();

/** One caller. It throws where an answer is not as expected, or a stream ends before its job. */
async function call(order: Extract<CallerOrder, { begin: number }>, n: number): Promise<void> {
  await pause((order.spreadMs * n) / order.begin);
  const user = { 'user-id': `user ${n % order.users}` };
  for (let round = n; !done; round++) {
    const portOf = (hop: number) => order.ports[(round + hop) % order.ports.length] ?? 0;
    const { streamUrl } = await submit(portOf(0), user, order);
    await follow(portOf(1), streamUrl, order.cards);
    told.jobs++;
  }
}

function submit(
  port: number,
  user: Record<string, string>,
  { path, body }: { path: string; body: string },
): Promise<{ streamUrl: string }> {
  const headers = { ...user, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const posted = request({ port, host: '127.0.0.1', path, method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        if (response.statusCode === 202) resolve(JSON.parse(text) as { streamUrl: string });
        else reject(new Error(`a submission was answered with ${response.statusCode}: ${text.slice(0, 500)}`));
      });
    });
    posted.on('error', reject);
    posted.end(body);
  });
}

/** Follows a job until its end. @throws Error if it does not complete, or not with all of its cards */
function follow(port: number, path: string, cards: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'text/event-stream' };
    const got = request({ port, host: '127.0.0.1', path, agent: false, headers }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`a stream was answered with ${response.statusCode}`));
      told.open++;
      const seen = { items: 0, end: '' };
      let rest = '';
      response.on('data', (chunk: Buffer) => {
        const frames = (rest + chunk.toString()).split('\n\n');
        rest = frames.pop() ?? '';
        for (const frame of frames) read(frame, seen);
      });
      response.on('end', () => {
        told.open--;
        if (seen.end === 'completed' && seen.items === cards) resolve();
        else reject(new Error(`a stream has ended with ${seen.items} of ${cards} cards, as ${seen.end || 'nothing'}`));
      });
      response.on('error', reject);
    });
    got.on('error', reject);
    got.end();
  });
}

function read(frame: string, seen: { items: number; end: string }): void {
  const name = /^event: (\w+)$/m.exec(frame)?.[1];
  if (name === undefined) return;
  told.events++;
  if (name === 'completed' || name === 'failed' || name === 'cancelled') seen.end = name;
  if (name !== 'item') return;
  seen.items++;
  const written = / at (\d+\.\d\d)"/.exec(frame)?.[1];
  if (written !== undefined) told.ages.push(monotonicMs() - Number(written));
}

process.on('message', (order: CallerOrder | string) => {
  if (typeof order !== 'object') return;
  if ('begin' in order) {
    done = false;
    finished = Promise.all(Array.from({ length: order.begin }, (_, n) => call(order, n)));
    process.send?.({ begun: order.begin });
  }
  if ('tell' in order) {
    process.send?.({ told });
    told = { jobs: 0, events: 0, open: told.open, ages: [] };
  }
  if ('finish' in order) {
    done = true;
    void finished.then(() => process.send?.({ finished: true }));
  }
});
process.send?.({ ready: true });
