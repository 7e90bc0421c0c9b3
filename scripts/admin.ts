/**
 * `npm run admin -- COMMAND`: what operators see and do, over the routes under /admin alone. Ends with
 * 0, 1 where the server refuses, 2 where the command is not understood, 3 where the question is
 * answered with no.
 */
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { endWith, readEnvFile } from '../src/env/read-env-file.ts';
import { commands, FLAGS, type Flags, HELP, type Request } from './admin/commands.ts';
import { toTable } from './admin/table.ts';

readEnvFile('.env', process.env);

/** How often to look how far a run is, in ms. */
const LOOK_MS = 500;

const { values, positionals } = parsed();
const flags = values as Flags;
const [name = '', ...words] = positionals;
const command = commands[name];
if (flags.help || name === '' || name === 'help') {
  process.stdout.write(HELP);
  process.exit(0);
}
if (!command) endWith(`there is no command ${name}; npm run admin -- --help lists them`);
const base = flags.url ?? `http://localhost:${process.env['PORT'] || '3001'}`;
if (!/^https?:/.test(base) || !URL.canParse(base)) endWith(`${base} is no address; give it as in: --url https://your.api`);
const token = tokenOf(process.env);

const request = command.request(words, flags);
if (typeof request === 'string') endWith(request);
process.exitCode = command.bulk ? await actOnMany(request) : show(await send(request));

function parsed() {
  try {
    return parseArgs({ options: FLAGS, allowPositionals: true });
  } catch (error) {
    return endWith(error instanceof Error ? error.message : 'the command can not be read');
  }
}

/** The operator's secret; of several the one that `--as` names, or the first. */
function tokenOf({ ADMIN_TOKEN, ADMIN_TOKENS }: NodeJS.ProcessEnv): string {
  const pairs = (ADMIN_TOKENS ?? '').split(',').map((pair) => /^([^:]+):(.+)$/.exec(pair.trim()) ?? []);
  const named = pairs.find(([, who]) => who !== undefined && (flags.as === undefined || who === flags.as))?.[2];
  if (flags.as !== undefined && named === undefined) endWith(`ADMIN_TOKENS has no ${flags.as}`);
  return named ?? (ADMIN_TOKEN || endWith('set ADMIN_TOKEN or ADMIN_TOKENS, here or in .env'));
}

type Answer = { ok: boolean; body: Record<string, unknown> };

async function send({ method = 'GET', path, query = {}, body }: Request): Promise<Answer> {
  const url = new URL(path, base);
  for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, value);
  const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
  try {
    const answer = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { ok: answer.ok, body: (await answer.json()) as Record<string, unknown> };
  } catch {
    process.stderr.write(`${url.origin} does not answer as the API does\n`);
    process.exit(1);
  }
}

/** Prints an answer. Returns the exit code. */
function show({ ok, body }: Answer): number {
  if (flags.json) process.stdout.write(`${JSON.stringify(body, undefined, 2)}\n`);
  else if (ok) process.stdout.write(toTable(body));
  else process.stderr.write(`${String(body['code'])}: ${String(body['detail'])}\n`);
  return ok ? 0 : 1;
}

/** Reckons, asks, starts, and follows it to its end. */
async function actOnMany(dry: Request): Promise<number> {
  const { ok, body } = await send(dry);
  if (!ok) return show({ ok, body });
  const { count, price, runId, action, more } = body as { count: number; price: { usd: number; known: boolean } } & Record<string, unknown>;
  const cost = action === 'retry' ? `, at most $${price.usd}${price.known ? '' : ' and what has no known price'}` : '';
  process.stderr.write(`${String(action)}: ${count} jobs${more === true ? ' and more, which this run leaves' : ''}${cost}\n`);
  if (count === 0) return 0;
  if (!flags.yes && !(await agrees())) return 3;
  const start = {
    method: 'POST',
    path: dry.path,
    body: { runId, reason: flags.reason, rate: flags.rate === undefined ? undefined : Number(flags.rate) },
  };
  const started = await send(start);
  if (!started.ok) return show(started);
  for (;;) {
    const now = await send({ path: `/admin/runs/${String(runId)}` });
    if (!now.ok || now.body['state'] === 'done') return show(now);
    process.stderr.write(`${String(now.body['processed'])} of ${count}\n`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function agrees(): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await Promise.race([
    lines.question('Start it? (yes/no) '),
    new Promise<string>((resolve) => lines.once('close', () => resolve(''))),
  ]);
  lines.close();
  return /^y(es)?$/i.test(answer.trim());
}
