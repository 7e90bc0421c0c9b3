/**
 * `run.ts all`, which is `npm start`: everything on this machine, each part a process of its own.
 * If one dies, all stop. `--watch` reloads on change.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type EmbeddedStore, startEmbeddedStore } from '../src/embedded/start.ts';
import { readEnvFile } from '../src/env/read-env-file.ts';
import type { Ready } from '../src/process.ts';
import { HEAP_FLAGS, WATCH_FLAGS } from './node-flags.ts';

const watch = process.argv.includes('--watch');
const children: ChildProcess[] = [];
let store: EmbeddedStore | undefined;
let stopping: Promise<never> | undefined;

/** Stops the children, then the store they stand on, and ends with a code. */
function stop(code: number): Promise<never> {
  stopping ??= (async () => {
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(children.filter(({ exitCode, signalCode }) => (exitCode ?? signalCode) === null).map((child) => once(child, 'exit')));
    await store?.stop();
    process.exit(code);
  })();
  return stopping;
}
// From a terminal the children get the signal too. They take two within a second for one.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping) for (const child of children) child.kill('SIGTERM');
    void stop(0);
  });
}

const envFile = readEnvFile('.env', process.env);
const isSet = (name: string) => (process.env[name] ?? '').trim() !== '';
if (!isSet('REDIS_URL') && process.env['NODE_ENV'] === 'production') {
  process.stderr.write('REDIS_URL is not set: the embedded store forgets everything at exit, so production does not start on it.\n');
  process.exit(2);
}
if (!isSet('REDIS_URL')) {
  store = await startEmbeddedStore();
  void store.exited.then((code) => fail('the embedded Valkey', code));
}

const host = isSet('HOST') ? (process.env['HOST'] ?? '') : 'localhost';
// Nobody stands before this machine's own API, so it need not serve on at its end.
const environment = { DRAIN_MS: '0', ...process.env, HOST: host, ...(store && { REDIS_URL: store.url }) };
const [worker, api] = await Promise.all([
  start('worker', '../worker/main.ts', HEAP_FLAGS.worker),
  start('API', '../src/main.ts', HEAP_FLAGS.api),
]);
process.stdout.write(greeting(api, worker));

/** Starts a part. */
function start(name: string, file: string, flags: readonly string[]): Promise<Ready> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    env: environment,
    execArgv: [...flags, ...(watch ? WATCH_FLAGS : [])],
  });
  children.push(child);
  child.once('exit', (code, signal) => fail(`the ${name}`, code ?? signal));
  return new Promise((resolve) => {
    // With --watch Node's own messages come along; after a reload this one comes again.
    child.on('message', (message) => isReady(message) && resolve(message));
  });
}

function isReady(message: unknown): message is Ready {
  return typeof message === 'object' && message !== null && 'ready' in message;
}

function fail(part: string, how: number | string | null): void {
  if (stopping) return;
  process.stderr.write(`\n${part} ended (${how}); everything stops.\n`);
  void stop(typeof how === 'number' && how !== 0 ? how : 1);
}

function greeting({ port, users, archive }: Ready, { port: healthPort, kinds = [] }: Ready): string {
  const everywhere = ['0.0.0.0', '::'].includes(host);
  const name = everywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  const url = `http://${name}:${port}`;
  const lines: [label: string, text: string | undefined][] = [
    ['open', url],
    [
      'phones',
      everywhere
        ? phoneUrls(port)
        : host === 'localhost'
          ? 'only this machine is served (HOST=0.0.0.0 opens it to your network)'
          : undefined,
    ],
    [
      'generator',
      kinds[0]?.[1] === 'offline' ? 'offline (cards come out of the text itself; set OPENAI_API_KEY to ask a model)' : kinds[0]?.[1],
    ],
    ...kinds.map(([kind, by, atOnce], n): [string, string] => [
      n === 0 ? 'kinds' : '',
      `${kind.padEnd(21)} ${by}${atOnce === 0 ? '' : `, ${atOnce} at once`}`,
    ]),
    ['users', users],
    ['archive', archive],
    ['store', store ? 'embedded Valkey: it forgets everything at exit (set REDIS_URL to keep it)' : 'Redis, at REDIS_URL'],
    ['worker', `http://${name}:${healthPort}/health`],
    ['settings', envFile && `${envFile} was read (variables that are set win)`],
  ];
  return `
  ai-jobs is running

${lines.flatMap(([label, text]) => (text === undefined ? [] : [`  ${label.padEnd(10)} ${text}`])).join('\n')}

  try it:

    curl -N -X POST ${url}/api/ai/generate-flashcards \\
      -H 'content-type: application/json' -H 'accept: text/event-stream' -H 'user-id: test' \\
      -d '{"content":"The mitochondrion is the power plant of the cell. Water boils at 100 degrees Celsius.","userId":"test"}'

  (without the accept header it answers with the job's addresses, at once)

`;
}

/** Where phones in the same network find the API. */
function phoneUrls(port: number): string {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const lan = addresses.filter(({ family, internal }) => family === 'IPv4' && !internal);
  return lan.map(({ address }) => `http://${address}:${port}`).join(', ') || 'this machine is in no network';
}
