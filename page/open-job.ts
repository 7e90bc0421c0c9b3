/** The region of the open job: its heading, its bar, its view, and below it the job that it leads to. */
import type { Client } from '../client/src/client.ts';
import type { Job } from '../client/src/job.ts';
import type { JobState } from '../client/src/state.ts';
import type { Api } from './api.ts';
import type { Delivery } from './deliveries.ts';
import { element, fill } from './dom.ts';
import { piecesIn } from './figures.ts';
import { labelOf } from './forms.ts';
import type { JobRow } from './job-rows.ts';
import { JobView } from './job-view.ts';
import type { Jobs } from './jobs.ts';
import { ProgressBar } from './progress-bar.ts';
import { aboutJob } from './session.ts';

/** What it works with. `area`: the region. */
export type OpenJobParts = {
  area: HTMLElement;
  ai: Pick<Client, 'resume'>;
  api: Api;
  jobs: Jobs;
  /** Submits work of a kind, and opens its job. */
  submit(kind: string, input: Record<string, unknown>): Promise<void>;
};

/** The job that is open. One at a time is followed, with the one that it leads to: a browser opens only six connections. */
export class OpenJob {
  readonly #parts: OpenJobParts;
  readonly #hint: HTMLElement[];
  readonly #views = new Map<string, JobView>();
  #shown = new AbortController();
  #bar = new ProgressBar();
  #jobId: string | undefined;

  constructor(parts: OpenJobParts) {
    this.#parts = parts;
    this.#hint = [...parts.area.children] as HTMLElement[];
  }

  get jobId(): string | undefined {
    return this.#jobId;
  }

  /** Shows a job in place of the one before. */
  show({ jobId, kind, streamUrl }: Pick<JobRow, 'jobId' | 'kind' | 'streamUrl'>): void {
    if (jobId === this.#jobId) return;
    this.#leave();
    this.#jobId = jobId;
    this.#bar = new ProgressBar();
    const view = this.#view({ jobId, kind, streamUrl }, aboutJob(jobId)?.tells ?? false);
    fill(this.#parts.area, element('h2', {}, labelOf(kind)), this.#bar.node, view);
  }

  /** Shows no job; `text` says why. */
  close(text?: string): void {
    this.#leave();
    this.#jobId = undefined;
    document.title = TITLE;
    fill(this.#parts.area, ...this.#hint);
    if (text !== undefined) fill(this.#parts.area, this.#hint[0], element('p', { class: 'hint' }, text));
  }

  /** Opens its connections anew, at once. */
  reconnect(): void {
    for (const view of this.#views.values()) view.reconnect();
  }

  /** Closes its connections while nobody looks. */
  pause(): void {
    for (const view of this.#views.values()) view.pause();
  }

  /** Tries a job again, if it is open here. */
  async retry(jobId: string): Promise<boolean> {
    const view = this.#views.get(jobId);
    await view?.retry();
    return view !== undefined;
  }

  #leave(): void {
    this.#shown.abort();
    this.#shown = new AbortController();
    this.#views.clear();
  }

  #view({ jobId, kind, streamUrl }: Pick<JobRow, 'jobId' | 'kind' | 'streamUrl'>, tells: boolean): HTMLElement {
    const { ai, api, jobs, submit } = this.#parts;
    const { signal } = this.#shown;
    const follow = (child: { jobId: string; streamUrl: string }): HTMLElement => {
      const childKind = child.jobId.slice(0, -33);
      return element(
        'section',
        { class: 'child' },
        element('h3', {}, `And then: ${labelOf(childKind)}`),
        this.#view({ ...child, kind: childKind }, tells),
      );
    };
    const retry = async (): Promise<Job> => ai.resume(jobId, { streamUrl: (await jobs.retry(jobId)).streamUrl });
    const deliveries = async () => ((await api.ask(`/api/jobs/${jobId}/deliveries`)) as { deliveries: Delivery[] }).deliveries;
    const onChange = (state: JobState): void => this.#changed(jobId, kind, state);
    const { curl, tags, input } = aboutJob(jobId) ?? {};
    const submitAgain = input && (async () => submit(kind, input));
    const told = tells ? deliveries : undefined;
    const shown = { kind, curl, tags, bar: this.#bar, signal, deliveries: told, retry, submitAgain, follow, onChange };
    const view = new JobView(ai.resume(jobId, { streamUrl }), shown);
    if (!signal.aborted) this.#views.set(jobId, view);
    return view.node;
  }

  #changed(jobId: string, kind: string, { status, items, percent }: JobState): void {
    this.#parts.jobs.change(jobId, { status, percent, pieces: piecesIn(items) });
    const how = status === 'active' ? `${Math.round(percent)} %` : status;
    document.title = `${how} · ${labelOf(kind)} · ai-jobs`;
  }
}

const TITLE = document.title;
