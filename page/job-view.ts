/**
 * Shows one job: how it stands, what it has made so far, what went over the wire, and how to take
 * it away.
 */
import { ENDS, type JobEvent } from '../client/src/events.ts';
import type { Job } from '../client/src/job.ts';
import type { Problem } from '../client/src/problem.ts';
import type { Usage } from '../client/src/shapes.ts';
import { initialState, type JobState, reduce } from '../client/src/state.ts';
import { type Delivery, drawDeliveries } from './deliveries.ts';
import { element, fill } from './dom.ts';
import { DRAWINGS, drawPlain } from './results.ts';
import { copyButton, exportButtons } from './take-away.ts';

/** What a job is shown with. */
export type Shown = {
  kind: string;
  /** The line that submits the same, where it is known. */
  curl?: string;
  /** Aborts when another job is shown. */
  signal: AbortSignal;
  /** Reads what became of the job's webhooks, where it has any. */
  deliveries?: (() => Promise<Delivery[]>) | undefined;
  /** Shows the job that this one leads to. */
  follow: (child: { jobId: string; streamUrl: string }) => HTMLElement;
};

/** How many raw events are shown, the newest. */
const EVENTS_SHOWN = 200;

/** The view of one job, which it follows to its end. */
export class JobView {
  readonly node: HTMLElement;
  readonly #job: Job;
  readonly #shown: Shown;
  readonly #startedAt = performance.now();
  /** The nodes of items that were drawn before. */
  readonly #drawn = new Map<string, HTMLElement>();
  readonly #raw: string[] = [];
  readonly #line = element('p', { class: 'status', role: 'status' });
  readonly #bar = element('progress', { max: 100, 'aria-label': 'Progress' });
  readonly #problem = element('div');
  readonly #made = element('div', { class: 'made' });
  readonly #actions = element('p', { class: 'actions' });
  readonly #child = element('div');
  readonly #events = element('pre', { tabindex: 0, 'aria-label': 'Events as they came' });
  readonly #clock = setInterval(() => this.#drawSoon(), 1000);
  readonly #left = new AbortController();
  #state: JobState = initialState();
  /** Why the job can't be followed. */
  #unfollowed: Pick<Problem, 'title' | 'detail'> | undefined;
  #isDue = false;

  constructor(job: Job, shown: Shown) {
    this.#job = job;
    this.#shown = shown;
    this.node = this.#layOut();
    for (const name of ['online', 'offline']) window.addEventListener(name, () => this.#networkChanged(), { signal: this.#left.signal });
    const stop = job.subscribe(
      (event) => this.#take(event),
      (error) => this.#fail(error),
    );
    this.#left.signal.addEventListener('abort', stop);
    if (this.#left.signal.aborted) stop(); // the end was known already, and came while this subscribed
    shown.signal.addEventListener('abort', () => this.#leave());
    this.#draw();
  }

  #layOut(): HTMLElement {
    const { curl, deliveries } = this.#shown;
    fill(
      this.#actions,
      element('button', { type: 'button', class: 'quiet', click: () => void this.#job.cancel().catch(() => {}) }, 'Cancel'),
    );
    return element(
      'article',
      { 'aria-label': 'A job' },
      this.#line,
      this.#bar,
      this.#problem,
      this.#made,
      this.#actions,
      this.#child,
      curl !== undefined &&
        element(
          'details',
          {},
          element('summary', {}, 'The same with curl'),
          element('pre', { tabindex: 0 }, curl),
          copyButton(() => curl),
        ),
      element('details', {}, element('summary', {}, 'Events as they came'), this.#events),
      deliveries && drawDeliveries(deliveries),
    );
  }

  /** Events of the same moment are drawn together. */
  #drawSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#isDue = false;
    const { kind, follow } = this.#shown;
    const { status, percent, error, items, result, child } = this.#state;
    const problem = this.#unfollowed ?? (status === 'failed' ? error : undefined);
    const ended = this.#left.signal.aborted;
    fill(this.#line, ...statusLine(this.#unfollowed ? 'unknown' : status, this.#state, this.#startedAt, ended));
    this.#bar.value = percent;
    fill(this.#problem, problem && drawProblem(problem));
    fill(this.#made, ...(DRAWINGS[kind] ?? drawPlain)({ items, result }, this.#drawn));
    if (ended) fill(this.#actions, ...exportButtons(kind, result));
    if (child && !this.#child.hasChildNodes()) this.#child.append(follow(child));
    this.#events.textContent = this.#raw.join('\n');
  }

  #take(event: JobEvent): void {
    this.#raw.push(JSON.stringify(event));
    this.#raw.splice(0, this.#raw.length - EVENTS_SHOWN);
    if (event.type === 'reset') this.#drawn.clear();
    this.#state = reduce(this.#state, event);
    if (ENDS.has(event.type)) this.#leave();
    this.#drawSoon();
  }

  #fail(error: unknown): void {
    const detail = error instanceof Error ? error.message : '';
    this.#unfollowed = { title: 'This job can not be followed', detail };
    this.#leave();
    this.#drawSoon();
  }

  #networkChanged(): void {
    this.#drawSoon();
    if (!navigator.onLine) return;
    this.#job.pause(); // a connection of the network before may be dead; this one is opened at once
    this.#job.resume();
  }

  /** Follows the job no longer: it has ended, or another one is shown. */
  #leave(): void {
    clearInterval(this.#clock);
    this.#left.abort();
  }
}

function drawProblem({ title, detail }: { title: string; detail: string }): HTMLElement {
  return element('div', { class: 'problem', role: 'alert' }, element('strong', {}, title), element('div', {}, detail));
}

function statusLine(
  status: string,
  { position, etaSeconds, items, usage, restart }: JobState,
  startedAt: number,
  ended: boolean,
): HTMLElement[] {
  const count = Object.values<readonly unknown[]>(items).reduce((sum, list) => sum + list.length, 0);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const texts = [
    !ended && status === 'waiting' && position !== undefined && `place ${position} in the queue`,
    !ended && etaSeconds !== undefined && `about ${etaSeconds} s to go`,
    count > 0 && `${count} ${count === 1 ? 'piece' : 'pieces'}`,
    !ended && `${seconds} s`,
    !ended && restart && `started over: ${restart.code}`,
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
