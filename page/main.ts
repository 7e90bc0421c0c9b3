/**
 * The page: submits work of any kind that is on, lists the user's jobs, and shows each piece of the
 * open one as it comes, over reloads and lost connections.
 */
import { createClient } from '../client/src/client.ts';
import { createApi } from './api.ts';
import { type Composed, Composer, type KindInfo } from './composer.ts';
import { ConnectionView } from './connection-view.ts';
import { toCurl } from './curl.ts';
import { element, find } from './dom.ts';
import { Feed, type FeedState } from './feed.ts';
import { reasonOf } from './job-actions.ts';
import { rowOf } from './job-rows.ts';
import { Jobs } from './jobs.ts';
import { JobsList } from './jobs-list.ts';
import { OpenJob } from './open-job.ts';
import { jobInAddress, putInAddress } from './route.ts';
import type { FormSource } from './schema-form.ts';
import { accessToken, forgetAbout, keepToken, rememberAbout, userName } from './session.ts';
import { submitTo } from './submit.ts';
import { drawWebhook } from './webhook-field.ts';
import { forgetCards } from './cards.ts';

const api = createApi(userName());
/** The pauses between tries are short, because somebody looks at the page. */
const backoff = { firstMs: 1000, mostMs: 10_000 };
const ai = createClient({ baseUrl: '', token: accessToken, headers: { 'user-id': api.user }, backoff });
const jobs = new Jobs(api, () => drawList());
const area = find('#job');
/** Where the kinds that the server has are submitted. */
const paths = new Map<string, string>();
const open = new OpenJob({ area, ai, api, jobs, submit: async (kind, input) => submit(kind, input) });

const list = new JobsList({
  open: (jobId) => (putInAddress(jobId), area.focus()),
  cancel: (jobId) => jobs.cancel(jobId),
  loadOlder: (filter) => jobs.loadOlder(filter),
  reasonOf,
  async retry(jobId) {
    if (!(await open.retry(jobId))) await jobs.retry(jobId);
    putInAddress(jobId);
  },
  async erase(jobId) {
    await jobs.erase(jobId);
    forgetAbout(jobId);
    forgetCards(jobId);
    if (open.jobId === jobId) putInAddress(undefined);
  },
});

function drawList(): void {
  list.update({ rows: [...jobs.rows], openId: open.jobId, hasOlder: (filter) => jobs.hasOlder(filter) });
}

/** Opens the job that the address names. */
async function openFromAddress(): Promise<void> {
  const jobId = jobInAddress();
  if (jobId === undefined) open.close();
  else {
    const row = jobs.get(jobId) ?? (await jobs.read(jobId));
    if (jobInAddress() !== jobId) return; // another one was opened meanwhile
    if (row) open.show(row);
    else open.close('This job is not there any more, or it is not yours.');
  }
  drawList();
}

async function submit(kind: string, input: Record<string, unknown>): Promise<void> {
  const path = paths.get(kind) ?? '';
  const curl = toCurl({ path, input, user: api.user, token: accessToken() });
  const job = await submitTo(api.send, path, input);
  const tags = [input['subject'], input['topic']].filter((tag): tag is string => typeof tag === 'string');
  const isText = !Object.values(input).some((value) => value instanceof Blob);
  rememberAbout(job.jobId, { curl, tags, tells: input['callbackUrl'] !== undefined, input: isText ? input : undefined });
  jobs.add(rowOf(job));
  putInAddress(job.jobId);
  area.focus();
}

/** Who submits: nothing to type where a name is enough, else an access token. */
function identityField(isNeeded: boolean, onToken: () => void): HTMLElement {
  if (!isNeeded) return element('p', { class: 'note' }, `You are ${api.user} here.`);
  const change = (): void => (keepToken(input.value.trim()), onToken());
  const input = element('input', { type: 'password', autocomplete: 'off', value: accessToken(), change });
  return element('label', { class: 'field' }, element('span', {}, 'Access token of your session'), input);
}

/** Tells whether the server needs an identity, by asking for a list without a token. */
async function needsIdentity(): Promise<boolean> {
  return (await fetch('/api/jobs?limit=1', { headers: { 'user-id': api.user } })).status === 401;
}

let isDrawn = false;

/** Draws the form, once the server has said what it can do. */
async function drawForm(): Promise<void> {
  if (isDrawn) return;
  isDrawn = true;
  try {
    const [kinds, document, isNeeded] = await Promise.all([api.ask('/api/kinds'), api.ask('/openapi.json'), needsIdentity()]);
    const webhook = drawWebhook(async () => ((await api.ask('/api/webhooks/secret')) as { secret: string }).secret);
    const identity = identityField(isNeeded, () => feed.retryNow());
    const parts = {
      identity,
      webhook,
      document: document as FormSource,
      submit: async ({ kind, input }: Composed) => submit(kind.name, input),
    };
    const known = (kinds as { kinds: KindInfo[] }).kinds;
    for (const { name, path } of known) paths.set(name, path);
    new Composer(parts).draw(known);
  } catch {
    isDrawn = false; // it is drawn when there is a connection
  }
}

/** While the page is live its parts are read again: what happened meanwhile was told to nobody. */
function stateChanged(state: FeedState): void {
  connection.show(state);
  if (state.type !== 'live') return;
  void drawForm();
  open.reconnect();
  jobs
    .load()
    .then(async () => void (open.jobId === undefined && (await openFromAddress())))
    .catch(() => {});
}

const feed = new Feed(ai, { onEvent: (event) => void jobs.take(event), onState: stateChanged });
const connection = new ConnectionView(() => feed.retryNow());

/** A tab that nobody looks at for so long gives its connections back: all tabs of a browser share six. */
const HIDDEN_MS = 60_000;

function watchTab(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isPaused = false;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (document.visibilityState === 'visible') {
      if (isPaused) feed.start();
      isPaused = false;
      return;
    }
    timer = setTimeout(() => {
      isPaused = true;
      feed.stop();
      open.pause();
    }, HIDDEN_MS);
  });
}

find('#connection').append(connection.node);
find('#jobs').append(list.node);
drawList();
for (const name of ['online', 'offline']) window.addEventListener(name, () => feed.retryNow());
window.addEventListener('hashchange', () => void openFromAddress());
find('.skip').addEventListener('click', (event) => {
  event.preventDefault(); // the address is that of the open job
  area.focus();
});
watchTab();
void drawForm();
void openFromAddress();
feed.start();
