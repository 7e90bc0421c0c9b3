/**
 * The page: submits work of any kind that is on, and shows each piece as it comes, over reloads and
 * lost connections.
 */
import { createClient } from '../client/src/client.ts';
import type { Job } from '../client/src/job.ts';
import { KINDS, type Kinds } from '../client/src/kinds.ts';
import { createSend } from '../client/src/request.ts';
import { type Composed, Composer, type KindInfo } from './composer.ts';
import { ConnectionView } from './connection-view.ts';
import { toCurl } from './curl.ts';
import type { Delivery } from './deliveries.ts';
import { element, fill, find } from './dom.ts';
import { labelOf } from './forms.ts';
import { Feed, type FeedState } from './feed.ts';
import { JobView, type Shown } from './job-view.ts';
import { ProgressBar } from './progress-bar.ts';
import type { FormSource } from './schema-form.ts';
import { accessToken, keepToken, type Remembered, remember, remembered, userName } from './session.ts';
import { drawWebhook } from './webhook-field.ts';

const user = userName();
const ai = createClient({ baseUrl: '', token: accessToken, headers: { 'user-id': user } });
const results = find('#results');
/** The open job, and the one that it leads to. */
const views = new Set<JobView>();

/** Shows a job, with the one that it may lead to below it. */
function view(job: Job, about: { kind: string; curl?: string; tells?: boolean }, shared: Pick<Shown, 'signal' | 'bar'>): HTMLElement {
  const { tells, ...rest } = about;
  const follow = ({ jobId, streamUrl }: { jobId: string; streamUrl: string }): HTMLElement => {
    const child = view(ai.resume(jobId, { streamUrl }), { kind: jobId.slice(0, -33), ...(tells && { tells }) }, shared);
    return element('section', { class: 'child' }, element('h3', {}, 'And then'), child);
  };
  const deliveries = tells
    ? async () => ((await ask(`/api/jobs/${job.id}/deliveries`)) as { deliveries: Delivery[] }).deliveries
    : undefined;
  const retry = async (): Promise<Job> => {
    const { streamUrl } = (await ask(`/api/jobs/${job.id}/retry`, 'POST')) as { streamUrl: string };
    return ai.resume(job.id, { streamUrl });
  };
  const made = new JobView(job, { ...rest, ...shared, deliveries, retry, follow });
  views.add(made);
  shared.signal.addEventListener('abort', () => views.delete(made));
  return made.node;
}

let shown = new AbortController();

/**
 * Shows a job in place of the one before. That one is no longer followed, because a browser opens
 * only six connections.
 */
function show(job: Job, about: Pick<Remembered, 'kind' | 'curl' | 'tells'>): void {
  shown.abort();
  shown = new AbortController();
  const bar = new ProgressBar();
  fill(results, element('h2', {}, labelOf(about.kind)), bar.node, view(job, about, { signal: shown.signal, bar }));
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
async function ask(path: string, method = 'GET'): Promise<unknown> {
  const token = accessToken();
  const answer = await fetch(path, { method, headers: { 'user-id': user, ...(token !== '' && { authorization: `Bearer ${token}` }) } });
  const body = (await answer.json()) as { detail?: string };
  if (!answer.ok) throw Object.assign(new Error(body.detail ?? 'The server refuses.'), body);
  return body;
}

/**
 * Tells whether the server needs an identity, by asking for a list as this page asks for
 * everything.
 */
async function needsIdentity(): Promise<boolean> {
  return (await fetch('/api/jobs?limit=1', { headers: { 'user-id': user } })).status === 401;
}

/** Holds the stream of all jobs open. When it is back, so is the network: the open job goes on at once. */
function startFeed(): void {
  const connection = new ConnectionView(() => feed.retryNow());
  const onState = (state: FeedState): void => {
    connection.show(state);
    if (state.type === 'live') for (const view of views) view.reconnect();
  };
  const feed = new Feed(createSend({ baseUrl: '', token: accessToken, headers: { 'user-id': user } }), { onEvent: () => {}, onState });
  for (const name of ['online', 'offline']) window.addEventListener(name, () => feed.retryNow());
  find('#connection').append(connection.node);
  feed.start();
}

async function start(): Promise<void> {
  const [kinds, isNeeded] = await Promise.all([fetch('/api/kinds').then((answer) => answer.json()), needsIdentity()]);
  const webhook = drawWebhook(async () => ((await ask('/api/webhooks/secret')) as { secret: string }).secret);
  const readDocument = async () => (await ask('/openapi.json')) as FormSource;
  new Composer({ identity: identityField(isNeeded), webhook, readDocument, submit }).draw((kinds as { kinds: KindInfo[] }).kinds);
  const last = remembered();
  if (last) show(ai.resume(last.jobId, { streamUrl: last.streamUrl }), last);
}

startFeed();
await start().catch(() => {
  find('#composer').append(element('p', { class: 'problem' }, 'The server does not answer. Load the page again in a moment.'));
});
