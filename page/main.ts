/**
 * The page: submits work of any kind that is on, and shows each piece as it comes, over reloads and
 * lost connections.
 */
import { createClient } from '../client/src/client.ts';
import type { Job } from '../client/src/job.ts';
import { KINDS, type Kinds } from '../client/src/kinds.ts';
import { type Composed, Composer, type KindInfo } from './composer.ts';
import { toCurl } from './curl.ts';
import type { Delivery } from './deliveries.ts';
import { element, fill, find } from './dom.ts';
import { JobView } from './job-view.ts';
import type { FormSource } from './schema-form.ts';
import { accessToken, keepToken, type Remembered, remember, remembered, userName } from './session.ts';
import { drawWebhook } from './webhook-field.ts';

const user = userName();
const ai = createClient({ baseUrl: '', token: accessToken, headers: { 'user-id': user } });
const results = find('#results');

/** Shows a job, with the one that it may lead to below it. */
function view(job: Job, { tells, ...about }: { kind: string; curl?: string; tells?: boolean }, signal: AbortSignal): HTMLElement {
  const follow = ({ jobId, streamUrl }: { jobId: string; streamUrl: string }): HTMLElement => {
    const child = view(ai.resume(jobId, { streamUrl }), { kind: jobId.slice(0, -33), ...(tells && { tells }) }, signal);
    return element('section', { class: 'child' }, element('h3', {}, 'And then'), child);
  };
  const deliveries = tells
    ? async () => ((await ask(`/api/jobs/${job.id}/deliveries`)) as { deliveries: Delivery[] }).deliveries
    : undefined;
  return new JobView(job, { ...about, signal, deliveries, follow }).node;
}

let shown = new AbortController();

/**
 * Shows a job in place of the one before. That one is no longer followed, because a browser opens
 * only six connections.
 */
function show(job: Job, about: Pick<Remembered, 'kind' | 'curl' | 'tells'>): void {
  shown.abort();
  shown = new AbortController();
  fill(results, element('h2', { id: 'results-title' }, 'Results'), view(job, about, shown.signal));
}

async function submit({ kind, input }: Composed): Promise<void> {
  const curl = toCurl({ path: kind.path, input, user, token: accessToken() });
  const job = await submitAs(kind.name, input);
  const about = { kind: kind.name, curl, tells: input['callbackUrl'] !== undefined };
  remember({ jobId: job.id, streamUrl: job.streamUrl ?? '', ...about });
  show(job, about);
  results.focus();
}

/** Submits by the client's method for a kind. What was typed is checked by the server. */
function submitAs(name: string, input: Record<string, unknown>): Promise<Job> {
  const method = (Object.keys(KINDS) as (keyof Kinds)[]).find((one) => KINDS[one].kind === name);
  if (!method) throw new Error('This page does not know that kind of work.');
  return (ai[method] as (given: Record<string, unknown>) => Promise<Job>)(input);
}

/** Who submits: nothing to type where a name is enough, else an access token. */
function identityField(isNeeded: boolean): HTMLElement {
  if (!isNeeded) return element('p', { class: 'note' }, `You are ${user} here.`);
  const input = element('input', {
    type: 'password',
    autocomplete: 'off',
    value: accessToken(),
    change: () => keepToken(input.value.trim()),
  });
  return element('label', { class: 'field' }, element('span', {}, 'Access token of your session'), input);
}

/** Asks the server, as the user. Rejects with what it says where it refuses. */
async function ask(path: string): Promise<unknown> {
  const token = accessToken();
  const answer = await fetch(path, { headers: { 'user-id': user, ...(token !== '' && { authorization: `Bearer ${token}` }) } });
  const body = (await answer.json()) as { detail?: string };
  if (!answer.ok) throw new Error(body.detail ?? 'The server refuses.');
  return body;
}

/**
 * Tells whether the server needs an identity, by asking for a list as this page asks for
 * everything.
 */
async function needsIdentity(): Promise<boolean> {
  return (await fetch('/api/jobs?limit=1', { headers: { 'user-id': user } })).status === 401;
}

async function start(): Promise<void> {
  const [kinds, isNeeded] = await Promise.all([fetch('/api/kinds').then((answer) => answer.json()), needsIdentity()]);
  const webhook = drawWebhook(async () => ((await ask('/api/webhooks/secret')) as { secret: string }).secret);
  const readDocument = async () => (await ask('/openapi.json')) as FormSource;
  new Composer({ identity: identityField(isNeeded), webhook, readDocument, submit }).draw((kinds as { kinds: KindInfo[] }).kinds);
  const last = remembered();
  if (last) show(ai.resume(last.jobId, { streamUrl: last.streamUrl }), last);
}

await start().catch(() => {
  find('#composer').append(element('p', { class: 'problem' }, 'The server does not answer. Load the page again in a moment.'));
});
