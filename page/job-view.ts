/**
 * Shows one job: how it stands, what it has made so far, what went over the wire, and how to take
 * it away. Only what has changed is touched.
 */
import { ENDS, type JobEvent } from '../client/src/events.ts';
import type { Job } from '../client/src/job.ts';
import { initialState, type JobState, reduce } from '../client/src/state.ts';
import { type Delivery, drawDeliveries } from './deliveries.ts';
import { element, fill, setText } from './dom.ts';
import { piecesIn, piecesInWords } from './figures.ts';
import { labelOf } from './forms.ts';
import { JobActions } from './job-actions.ts';
import { factsOf, restartOf } from './job-facts.ts';
import { Keyed } from './keyed.ts';
import { type Drawing, type Made, resultSoFar } from './made.ts';
import { type Sample, secondsLeft } from './pace.ts';
import { drawPlain } from './plain-view.ts';
import type { ProgressBar } from './progress-bar.ts';
import { RawEvents } from './raw-events.ts';
import { DRAWINGS } from './results.ts';
import { copyButton } from './take-away.ts';

/** What a job is shown with. */
export type Shown = {
  kind: string;
  /** The line that submits the same, where it is known. */
  curl?: string | undefined;
  /** What its cards are tagged with when they are taken away. */
  tags?: readonly string[] | undefined;
  bar: ProgressBar;
  /** Aborts when another job is shown. */
  signal: AbortSignal;
  /** Reads what became of the job's webhooks, where it has any. */
  deliveries?: (() => Promise<Delivery[]>) | undefined;
  /** Tries the job again; resolves with the job to be followed. */
  retry(): Promise<Job>;
  /** Submits the same once more, where it is known. */
  submitAgain?: (() => Promise<void>) | undefined;
  /** Shows the job that this one leads to. */
  follow(child: { jobId: string; streamUrl: string }): HTMLElement;
  /** Told of each change. */
  onChange?: ((state: JobState) => void) | undefined;
};

/** The view of one job, which it follows to its end. */
export class JobView {
  readonly node: HTMLElement;
  readonly #shown: Shown;
  readonly #drawing: Drawing;
  readonly #state = element('span', { class: 'state' });
  readonly #facts = element('span', { class: 'facts' });
  readonly #factRows = new Keyed<string>(this.#facts, { make: drawFact });
  readonly #restart = element('p', { class: 'note', hidden: true });
  readonly #spoken = element('p', { class: 'spoken', role: 'status', 'aria-label': 'State of the job' });
  readonly #problem = element('div');
  readonly #actions: JobActions;
  readonly #child = element('div');
  readonly #raw = new RawEvents();
  readonly #startedAt = performance.now();
  #job: Job;
  #now: JobState = initialState();
  /** The pieces that were shown before all events came again; they stay until they are replaced by the same ones. */
  #before: Made['items'] | undefined;
  #clock: ReturnType<typeof setInterval> | undefined;
  #stop = (): void => {};
  #statusAt = performance.now();
  #first: Sample | undefined;
  #problemShown: unknown;
  /** Why it can't be followed. */
  #unfollowed: { title: string; detail: string } | undefined;
  #isDue = false;

  constructor(job: Job, shown: Shown) {
    this.#job = job;
    this.#shown = shown;
    this.#drawing = (DRAWINGS[shown.kind] ?? drawPlain)(job.id);
    this.#actions = new JobActions({
      kind: shown.kind,
      cancel: () => this.#job.cancel(),
      retry: () => this.retry(),
      submitAgain: shown.submitAgain,
      result: () => this.#drawing.edited?.() ?? resultSoFar(shown.kind, this.#made()),
      tags: () => shown.tags ?? [],
    });
    this.node = this.#layOut();
    shown.signal.addEventListener('abort', () => this.#leave());
    this.#follow(job);
    this.#draw();
  }

  /** Opens the connection anew, at once: the one of before may be dead. */
  reconnect(): void {
    this.#job.pause();
    this.#job.resume();
  }

  /** Closes the connection while nobody looks. `reconnect` opens it. */
  pause(): void {
    this.#job.pause();
  }

  /** Tries the job again and follows it. What it had made stays. */
  async retry(): Promise<void> {
    const job = await this.#shown.retry();
    if (this.#shown.signal.aborted) return;
    this.#take({ type: 'reset' });
    this.#follow(job);
  }

  #layOut(): HTMLElement {
    const { curl, deliveries, kind } = this.#shown;
    return element(
      'article',
      { 'aria-label': labelOf(kind) },
      element('p', { class: 'status' }, this.#state, this.#facts),
      this.#spoken,
      this.#restart,
      this.#problem,
      element('div', { class: 'made' }, this.#drawing.node),
      this.#actions.node,
      this.#child,
      curl !== undefined &&
        element(
          'details',
          {},
          element('summary', {}, 'The same with curl'),
          element('pre', { tabindex: 0 }, curl),
          copyButton(() => curl),
        ),
      this.#raw.node,
      deliveries && drawDeliveries(deliveries),
    );
  }

  #follow(job: Job): void {
    this.#stop();
    this.#job = job;
    this.#first = undefined;
    clearInterval(this.#clock);
    this.#clock = setInterval(() => this.#drawSoon(), 1000);
    let hasEnded = false;
    const stop = job.subscribe(
      (event) => {
        this.#take(event);
        hasEnded = ENDS.has(event.type);
        if (hasEnded) this.#leave();
      },
      (error) => this.#fail(error),
    );
    this.#stop = stop;
    if (hasEnded) this.#leave(); // the end was known already, and came while this subscribed
  }

  #take(event: JobEvent): void {
    this.#raw.take(event);
    if (event.type === 'reset') this.#before = this.#made().items;
    if (event.type === 'live' || ENDS.has(event.type)) this.#before = undefined;
    if (event.type === 'status') this.#statusAt = performance.now();
    const before = this.#now;
    this.#now = reduce(this.#now, event);
    if (event.type === 'status' && this.#job.transport === 'poll') this.#before = undefined; // a poll brings all at once
    if (this.#now !== before) this.#shown.onChange?.(this.#now);
    this.#drawSoon();
  }

  #fail(error: unknown): void {
    const detail = error instanceof Error ? error.message : '';
    this.#unfollowed = { title: 'This job can not be followed', detail };
    this.#leave();
    this.#drawSoon();
  }

  /** What has come so far. While all comes again, what was shown before stands behind it. */
  #made(): Made {
    const { items, result } = this.#now;
    const now = items as Made['items'];
    if (!this.#before) return { items: now, result };
    const behind = Object.entries(this.#before).map(([list, old]) => [list, [...(now[list] ?? []), ...old.slice(now[list]?.length ?? 0)]]);
    return { items: { ...now, ...(Object.fromEntries(behind) as Made['items']) }, result };
  }

  /** Events of the same moment are drawn together. */
  #drawSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#isDue = false;
    const { error, child } = this.#now;
    const status = this.#unfollowed ? 'unknown' : this.#now.status;
    const made = this.#made();
    setText(this.#state, status);
    this.#state.className = `state ${status}`;
    this.#factRows.update(factsOf({ ...this.#now, items: made.items }, this.#times()));
    setText(this.#restart, restartOf(this.#now));
    this.#restart.hidden = restartOf(this.#now) === '';
    const count = piecesIn(made.items);
    setText(this.#spoken, `${labelOf(this.#shown.kind)}: ${status}${ENDS.has(status) && count > 0 ? `, ${piecesInWords(count)}` : ''}`);
    if (!child) this.#shown.bar.show(this.#now.percent, `${Math.round(this.#now.percent)} percent, ${piecesInWords(count)}`);
    this.#drawProblem(this.#unfollowed ?? (status === 'failed' ? error : undefined));
    this.#drawing.update(made);
    if (ENDS.has(status)) this.#drawing.end?.();
    this.#actions.update(this.#now);
    if (child && !this.#child.hasChildNodes()) this.#child.append(this.#shown.follow(child));
  }

  #drawProblem(problem: { title: string; detail: string } | undefined): void {
    if (problem === this.#problemShown) return;
    this.#problemShown = problem;
    const about = problem && [element('strong', {}, problem.title), element('div', {}, problem.detail)];
    fill(this.#problem, about && element('div', { class: 'problem', role: 'alert' }, ...about));
  }

  /** The server's estimate, until the page has seen enough progress of its own. */
  #times() {
    const atMs = performance.now();
    const { status, percent, etaSeconds } = this.#now;
    if (status === 'active' && !this.#before) this.#first ??= { atMs, percent };
    const byServer = etaSeconds && Math.max(1, Math.round(etaSeconds - (atMs - this.#statusAt) / 1000));
    const left = (this.#first && secondsLeft(this.#first, { atMs, percent })) ?? byServer;
    return { watched: Math.round((atMs - this.#startedAt) / 1000), left };
  }

  /** Follows the job no longer: it has ended, or another one is shown. */
  #leave(): void {
    clearInterval(this.#clock);
    this.#stop();
  }
}

function drawFact(first: string) {
  const node = element('span', {}, first);
  return { node, update: (fact: string) => setText(node, fact) };
}
