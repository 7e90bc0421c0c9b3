/** Shows one job: how it stands, what it has made so far, what went over the wire, and how to take it away. */
import { ENDS, type JobEvent } from '../client/src/events.ts';
import type { Job } from '../client/src/job.ts';
import type { Usage } from '../client/src/shapes.ts';
import { type Delivery, drawDeliveries } from './deliveries.ts';
import { element, fill } from './dom.ts';
import { DRAWINGS } from './results.ts';
import { copyButton, exportButtons } from './take-away.ts';

/** What a job is shown with. `curl`: the line that submits the same, where there is one. `signal`: another one is shown. `follow`: shows the job that this one leads to. `deliveries`: reads what became of its webhooks, where it has any. */
export type Shown = {
  kind: string;
  curl?: string;
  signal: AbortSignal;
  deliveries?: (() => Promise<Delivery[]>) | undefined;
  follow: (child: { jobId: string; streamUrl: string }) => HTMLElement;
};

/** What is known of a job from its events. */
type State = {
  status: string;
  position?: number | undefined;
  etaSeconds?: number | undefined;
  percent: number;
  items: Record<string, unknown[]>;
  result?: unknown;
  usage?: Usage | undefined;
  problem?: { title: string; detail: string } | undefined;
  child?: { jobId: string; streamUrl: string } | undefined;
  note?: string | undefined;
};

/** How many raw events are shown, the newest. */
const EVENTS_SHOWN = 200;

const BEGUN: State = { status: 'waiting', percent: 0, items: {} };

/** Shows a job and follows it to its end. */
export function showJob(job: Job, { kind, curl, signal, deliveries, follow }: Shown): HTMLElement {
  const startedAt = performance.now();
  const drawn = new Map<string, HTMLElement>();
  const raw: string[] = [];
  let state = BEGUN;
  let ended = false;
  let childView: HTMLElement | undefined;

  const line = element('p', { class: 'status', role: 'status' });
  const bar = element('progress', { max: 100, 'aria-label': 'Progress' });
  const problem = element('div');
  const made = element('div', { class: 'made' });
  const cancel = element('button', { type: 'button', class: 'quiet', click: () => void job.cancel().catch(() => {}) }, 'Cancel');
  const actions = element('p', { class: 'actions' }, cancel);
  const events = element('pre', { tabindex: 0, 'aria-label': 'Events as they came' });
  const child = element('div');
  const node = element(
    'article',
    { 'aria-label': 'A job' },
    line,
    bar,
    problem,
    made,
    actions,
    child,
    curl !== undefined &&
      element(
        'details',
        {},
        element('summary', {}, 'The same with curl'),
        element('pre', { tabindex: 0 }, curl),
        copyButton(() => curl),
      ),
    element('details', {}, element('summary', {}, 'Events as they came'), events),
    deliveries && drawDeliveries(deliveries),
  );

  const draw = (): void => {
    isDue = false;
    fill(line, ...statusLine(state, startedAt, ended));
    bar.value = state.status === 'completed' ? 100 : state.percent;
    fill(
      problem,
      state.problem &&
        element(
          'div',
          { class: 'problem', role: 'alert' },
          element('strong', {}, state.problem.title),
          element('div', {}, state.problem.detail),
        ),
    );
    fill(made, ...(DRAWINGS[kind]?.({ items: state.items, result: state.result }, drawn) ?? []));
    if (ended) fill(actions, ...exportButtons(kind, state.result));
    if (state.child && !childView) child.append((childView = follow(state.child)));
    events.textContent = raw.join('\n');
  };
  let isDue = false;
  /** Events of the same moment are drawn together. */
  const drawSoon = (): void => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(draw);
  };

  const take = (event: JobEvent): void => {
    raw.push(JSON.stringify(event));
    raw.splice(0, raw.length - EVENTS_SHOWN);
    if (event.type === 'reset') drawn.clear();
    state = next(state, event);
    if (ENDS.has(event.type)) leave();
    drawSoon();
  };
  const fail = (error: unknown): void => {
    const detail = error instanceof Error ? error.message : '';
    state = { ...state, status: 'unknown', problem: { title: 'This job can not be followed', detail } };
    leave();
    drawSoon();
  };
  const networkChanged = (): void => {
    drawSoon();
    if (!navigator.onLine) return;
    job.pause(); // a connection of the network before may be dead; this one is opened at once
    job.resume();
  };
  const leave = (): void => {
    ended = true;
    clearInterval(clock);
    for (const name of ['online', 'offline']) window.removeEventListener(name, networkChanged);
    queueMicrotask(() => stop()); // also where the end was known already, and comes while this subscribes
  };
  const clock = setInterval(drawSoon, 1000);
  for (const name of ['online', 'offline']) window.addEventListener(name, networkChanged);
  signal.addEventListener('abort', leave);
  const stop = job.subscribe(take, fail);
  draw();
  return node;
}

/** What is known after an event. */
function next(state: State, event: JobEvent): State {
  switch (event.type) {
    case 'status':
      return { ...state, status: event.status, position: event.position, etaSeconds: event.etaSeconds, note: undefined };
    case 'progress':
      return { ...state, percent: event.percent };
    case 'item': {
      const list = [...(state.items[event.list] ?? [])];
      list[event.index] = event.value;
      return { ...state, items: { ...state.items, [event.list]: list } };
    }
    case 'attempt':
      return { ...state, note: `started over: ${event.code}` };
    case 'reset':
      return { ...BEGUN, status: state.status };
    case 'child':
      return { ...state, child: event.child };
    case 'completed':
      return { ...state, status: 'completed', result: event.result, usage: event.usage, position: undefined, note: undefined };
    case 'failed':
      return { ...state, status: 'failed', usage: event.usage, problem: event.error };
    case 'cancelled':
      return { ...state, status: 'cancelled' };
    default:
      return state; // later servers may say more
  }
}

function statusLine({ status, position, etaSeconds, items, usage, note }: State, startedAt: number, ended: boolean): HTMLElement[] {
  const count = Object.values(items).reduce((sum, list) => sum + list.length, 0);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const texts = [
    !ended && status === 'waiting' && position !== undefined && `place ${position} in the queue`,
    !ended && etaSeconds !== undefined && `about ${etaSeconds} s to go`,
    count > 0 && `${count} ${count === 1 ? 'piece' : 'pieces'}`,
    !ended && `${seconds} s`,
    note,
    !ended && !navigator.onLine && 'no network: the job goes on, and so does this page when it is back',
    ...usageIn(usage),
  ].filter((text): text is string => typeof text === 'string');
  const state = element('span', { class: `state ${status}` }, status);
  return [state, ...texts.map((text) => element('span', {}, text))];
}

function usageIn(usage: Usage | undefined): string[] {
  if (!usage) return [];
  const tokens = usage.inputTokens + usage.outputTokens;
  return [
    ...(tokens > 0 ? [`${tokens} tokens`] : []),
    ...(usage.characters ? [`${usage.characters} characters`] : []),
    ...(usage.images ? [`${usage.images} images`] : []),
    ...(usage.costUsd ? [`$${usage.costUsd}`] : []),
  ];
}
