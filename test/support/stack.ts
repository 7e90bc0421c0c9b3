/** The real thing for a test: API and worker over a key prefix of their own, as processes. */
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject, onTestFinished } from 'vitest';
import type { Ready } from '../../src/process.ts';
import { watch, type Watched } from './sse.ts';

/** An API or a worker that serves. */
export type Serving = {
  url: string;
  /** Its log lines so far. */
  log(): Record<string, unknown>[];
  /** All that it has written so far. */
  output(): string;
};

/** One that is a process of its own. */
export type Process = Serving & {
  pid: number;
  /** Resolves with its exit code, or the signal that ended it, once its log is whole. */
  exited: Promise<number | NodeJS.Signals>;
  stop(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
  /** Closes the channel to it, as a parent that dies does. */
  abandon(): void;
};

/** Starts an API or a worker with these variables; it stops with the test. */
export type Start<Part extends Serving> = (env: Record<string, string>) => Promise<Part>;

/** API and worker of one test. */
export type Stack<Part extends Serving = Process> = {
  prefix: string;
  env: Record<string, string>;
  api: Part;
  url: string;
  startApi(env?: Record<string, string>): Promise<Part>;
  startWorker(env?: Record<string, string>): Promise<Part>;
  /** Submits flashcards and returns the answer's JSON. */
  submit(input?: Record<string, unknown>, headers?: Record<string, string>): Promise<Record<string, any>>;
  get(path: string, headers?: Record<string, string>): Promise<Record<string, any>>;
  watch(job: Record<string, any>, headers?: Record<string, string>): Promise<Watched>;
};

/** A key prefix nobody else has. */
export function newPrefix(): string {
  return `{test-${randomBytes(6).toString('hex')}}`;
}

/** Starts an API as a process; workers are the test's to start. All stop when the test is over. */
export function startStack(env: Record<string, string> = {}): Promise<Stack> {
  return createStack({ api: (all) => startProcess('src/main.ts', all), worker: (all) => startProcess('worker/main.ts', all) }, env);
}

/** Starts an API by the given way to start one; workers are the test's to start. `env` goes to all of them. */
export async function createStack<Part extends Serving>(
  start: { api: Start<Part>; worker: Start<Part> },
  env: Record<string, string>,
): Promise<Stack<Part>> {
  const prefix = newPrefix();
  const environment: Record<string, string> = {
    REDIS_URL: inject('redisUrl'),
    REDIS_KEY_PREFIX: prefix,
    NODE_ENV: 'test',
    AI_PROVIDER: 'offline',
    JOB_BACKOFF_MS: '10',
    WORKER_RATE_MAX: '1000',
    LOG_LEVEL: 'trace',
    LIST_RATE_MAX: '1000', // tests look at lists until something is in them
    ...env,
  };
  const startApi = (more = {}) => start.api({ ...environment, PORT: '0', ...more });
  const startWorker = (more = {}) => start.worker({ ...environment, WORKER_HEALTH_PORT: '0', ...more });
  const api = await startApi();

  return {
    prefix,
    env: environment,
    api,
    url: api.url,
    startApi,
    startWorker,
    async submit(input = { content: 'Water boils at 100 degrees.' }, headers = {}) {
      const response = await fetch(`${api.url}/api/ai/generate-flashcards`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(input),
      });
      if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
      return (await response.json()) as Record<string, any>;
    },
    get: async (path, headers = {}) => (await (await fetch(api.url + path, { headers })).json()) as Record<string, any>,
    watch: (job, headers) => watch(api.url + job['streamUrl'], headers),
  };
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Node keeps compiled modules here: a third less work for each start after the first. */
export const COMPILE_CACHE = join(tmpdir(), 'ai-jobs-compile-cache');

/**
 * Starts one process by its main; it stops with the test. Rejects with its output if it ends before it serves. `root`: the folder of the
 * version whose main it is.
 */
export async function startProcess(file: string, env: Record<string, string>, root = ROOT): Promise<Process> {
  const child = fork(join(root, file), {
    env: { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  // Not by a pipe: that adds four listeners to our own stream for each process, and Node warns from eleven on.
  child.stderr?.on('data', (chunk: Buffer) => void process.stderr.write(chunk));
  // Not its 'close': that never comes once the channel was closed from here.
  const said = Promise.all([child.stdout, child.stderr].flatMap((stream) => (stream ? [once(stream, 'close')] : [])));
  const exited = once(child, 'exit').then(async ([code, signal]) => (await said, (code ?? signal) as number | NodeJS.Signals));
  onTestFinished(() => end(child, exited));
  const message = await Promise.race([once(child, 'message'), exited]);
  if (!Array.isArray(message)) throw new Error(`${file} ended (${message}) before it was ready:\n${output}`);
  const { port } = message[0] as Ready;
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    exited,
    output: () => output,
    log: () => logLines(output),
    abandon: () => child.disconnect(),
    async stop(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

/** The log lines in what an API or a worker has written. */
export function logLines(output: string): Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function end(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if ((child.exitCode ?? child.signalCode) !== null) return;
  child.kill('SIGKILL');
  await exited;
}
