/**
 * `npm run conformance -- URL`: proves that a deployment keeps the promises of its HTTP contract, through all that stands before it.
 *
 * - `--timeout 60`: how long one answer, or one job, may take, in s.
 * - `--heartbeat 15`: how often the deployment sends a comment on a quiet stream (SSE_HEARTBEAT_MS), in s.
 * - `--origin https://app.example`: the origin of a page that calls it, where CORS_ORIGINS does not name all.
 * - `--only ID`: only this check; again for more.
 * - `--json`: the outcome as one JSON document.
 *
 * It exits with 0 if no promise is broken, with 1 if one is, and with 2 if nothing could be checked.
 */
import { parseArgs } from 'node:util';
import { endWith, readEnvFile } from '../src/env/read-env-file.ts';
import { type Check, judge } from './check.ts';
import { createDeployment, type Deployment, findObstacle } from './deployment.ts';
import { createHttp } from './http.ts';
import { COSTS } from './jobs.ts';
import { beginnings } from './promises/beginnings.ts';
import { cancelling } from './promises/cancelling.ts';
import { events } from './promises/events.ts';
import { heartbeat } from './promises/heartbeat.ts';
import { live } from './promises/live.ts';
import { polling } from './promises/polling.ts';
import { problems } from './promises/problems.ts';
import { responses } from './promises/responses.ts';
import { resume } from './promises/resume.ts';
import { service } from './promises/service.ts';
import { submission } from './promises/submission.ts';
import { tokens } from './promises/tokens.ts';
import { type Outcome, toJson, toLine, toSummary } from './report.ts';

readEnvFile('.env', process.env);

/** All checks, in their order: the quick ones first, the one that waits last. */
const all: Check<Deployment>[] = [
  service,
  problems,
  submission,
  beginnings,
  events,
  live,
  resume,
  polling,
  tokens,
  cancelling,
  responses,
  heartbeat,
].flat();

const { values, origin } = readArguments();
const say = (text: string): void => void (values.json || process.stderr.write(`  … ${text}\n`));
const print = (text: string): void => void process.stdout.write(`${text}\n`);

const http = createHttp({ origin, token: process.env['SMOKE_TOKEN'], patienceMs: 1000 * seconds('timeout') });
const deployment = createDeployment(http, { heartbeatMs: 1000 * seconds('heartbeat'), pageOrigin: values.origin ?? pageOf(origin), say });
const chosen = values.only ? all.filter(({ id }) => values.only?.includes(id)) : all;

const obstacle = await findObstacle(http);
if (obstacle !== undefined) endWith(obstacle);
if (!values.json) print(`${origin.origin}: ${chosen.length} promises. It makes ${COSTS}, and erases them at the end.\n`);

/** Resolves when a signal asks for the end: the jobs are erased then, too. */
const stopped = new Promise<undefined>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(undefined));
});

const outcomes: Outcome[] = [];
let interrupted = false;
for (const check of chosen) {
  const verdict = await Promise.race([judge(check, deployment), stopped]);
  if (verdict === undefined) {
    interrupted = true;
    break;
  }
  const outcome = { id: check.id, promise: check.promise, ...verdict };
  outcomes.push(outcome);
  if (!values.json) print(toLine(outcome));
}

const stuck = !interrupted && (await deployment.jobs.isStuck().catch(() => false)); // an error is in the outcomes already
const left = await deployment.jobs.eraseAll();
if (left.length > 0) process.stderr.write(`these jobs could not be erased: ${left.join(', ')}\n`);
if (interrupted) endWith('it was stopped before its end');
print(values.json ? toJson(origin.origin, outcomes) : `\n${toSummary(outcomes)}`);
const isBroken = outcomes.some(({ verdict }) => verdict === 'broken');
if (stuck && !isBroken)
  endWith(`the first job had not ended after ${values.timeout} s, so most could not be judged; --timeout gives it more`);
process.exit(isBroken ? 1 : 0); // a request may still be under way

function readArguments() {
  const text = { type: 'string' } as const;
  const options = {
    timeout: { ...text, default: '60' },
    heartbeat: { ...text, default: '15' },
    origin: text,
    only: { ...text, multiple: true },
    json: { type: 'boolean', default: false },
  } as const;
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    const url = positionals[0] ?? `http://localhost:${process.env['PORT'] || '3001'}`;
    const unknown = values.only?.filter((id) => !all.some((check) => check.id === id)) ?? [];
    if (unknown.length > 0) endWith(`there is no check ${unknown.join(', ')}; there are: ${all.map(({ id }) => id).join(', ')}`);
    if (!/^https?:/.test(url) || !URL.canParse(url))
      endWith(`${url} is no address; give it as in: npm run conformance -- https://your.api`);
    return { values, origin: new URL(url) };
  } catch (error) {
    return endWith(error instanceof Error ? error.message : String(error));
  }
}

/** The origin of a page that may call unless CORS_ORIGINS says otherwise: for a server of development a page of the same machine. */
function pageOf({ hostname }: URL): string {
  return /^(localhost|127\..*|\[::1\])$/.test(hostname) ? 'http://localhost:8081' : 'https://conformance.example';
}

/** A time in s from the command line. */
function seconds(name: 'timeout' | 'heartbeat'): number {
  const value = Number(values[name]);
  return value > 0 ? value : endWith(`--${name} must be a number of seconds, not ${values[name]}`);
}
