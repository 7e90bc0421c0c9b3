/** One job: why it is as it is, what it has cost, and its life as a time line. Its input only where an operator asks for it. */
import { drawDeliveries } from '../deliveries.ts';
import { type Child, element, fill, setText } from '../dom.ts';
import { usageIn, timeIn } from '../figures.ts';
import { Keyed } from '../keyed.ts';
import { copyButton } from '../take-away.ts';
import type { InspectedJob } from './answers.ts';
import type { Desk, View } from './desk.ts';
import { lifeOf, type Moment } from './job-life.ts';
import { costIn, drawState } from './job-table.ts';
import { addressOf, type Place } from './place.ts';
import { spanIn } from './words.ts';

/** The page of a job. */
export class JobPage implements View {
  readonly node: HTMLElement;
  readonly #desk: Desk;
  readonly #head = element('div', { class: 'head' });
  readonly #why = element('div');
  readonly #facts = element('dl', { class: 'pairs' });
  readonly #buttons = element('p', { class: 'actions' });
  readonly #life = element('ol', { class: 'life', 'aria-label': 'Life of the job' });
  readonly #moments: Keyed<Moment>;
  readonly #calls = element('ul');
  readonly #input = element('div');
  readonly #told = element('div');
  #jobId = '';
  #drawnFor = '';

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#moments = new Keyed<Moment>(this.#life, { make: drawMoment });
    const side = element('div', {}, this.#facts, element('h3', {}, 'Calls of vendors'), this.#calls, this.#told);
    const line = element('div', {}, element('h3', {}, 'Its life'), this.#life, this.#input);
    const columns = element('div', { class: 'columns' }, line, side);
    this.node = element('section', { class: 'panel', 'aria-label': 'Job' }, this.#head, this.#why, this.#buttons, columns);
  }

  show({ id = '' }: Place): void {
    this.#jobId = id;
    this.#drawnFor = '';
    fill(this.#input);
    for (const area of [this.#head, this.#why, this.#facts, this.#buttons, this.#calls, this.#told]) fill(area);
    this.#moments.update([]);
    fill(
      this.#told,
      drawDeliveries(async () => (await this.#ask()).deliveries),
    );
  }

  async read(): Promise<void> {
    const jobId = this.#jobId;
    const job = await this.#ask();
    if (jobId !== this.#jobId) return;
    this.#moments.update(lifeOf(job));
    const text = JSON.stringify({ ...job, lockMs: undefined, waitMs: undefined });
    if (text === this.#drawnFor) return; // what is selected, or has the focus, stays
    this.#drawnFor = text;
    this.#draw(job);
  }

  #ask(query = ''): Promise<InspectedJob> {
    return this.#desk.ask<InspectedJob>(`/admin/jobs/${encodeURIComponent(this.#jobId)}${query}`);
  }

  #draw(job: InspectedJob): void {
    const { jobId, kind, state, error, calls } = job;
    const id = element('code', {}, jobId);
    fill(
      this.#head,
      element('h2', {}, kind),
      drawState(state),
      id,
      copyButton(() => jobId),
    );
    const advice = error && element('a', { href: `/problems/${encodeURIComponent(error.code)}` }, 'What to do');
    const about = error && [element('strong', {}, `${error.code}: ${error.title}`), element('div', {}, error.detail, ' '), advice];
    fill(this.#why, about && element('div', { class: 'problem' }, ...about));
    fill(this.#facts, ...factsOf(job).map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))));
    const used = calls.map((call) => element('li', {}, usageIn(call).join(', ') || 'nothing that is billed'));
    fill(this.#calls, ...(used.length === 0 ? [element('li', {}, 'None.')] : used));
    const retry = element('button', { type: 'button', click: () => this.#retry(job) }, 'Retry…');
    const show = element('button', { type: 'button', class: 'quiet', click: () => this.#showInput() }, 'Show its input…');
    fill(this.#buttons, state === 'failed' && retry, show);
  }

  #retry(job: InspectedJob): void {
    this.#desk.question({
      title: 'Retry this job?',
      facts: [`What it has cost so far: ${costIn(job) ?? 'nothing known'}. What it has finished is kept; the rest is bought once more.`],
      verb: 'Retry 1 job',
      act: async () => {
        await this.#desk.ask(`/admin/dead-letters/job.${encodeURIComponent(job.jobId)}/replay`, { method: 'POST', body: {} });
        return 'It is tried again.';
      },
    });
  }

  #showInput(): void {
    this.#desk.question({
      title: 'Read what the user wrote?',
      facts: ['The list of actions will have your name, this job and the time.'],
      verb: 'Show its input',
      act: async () => {
        const { input } = await this.#ask('?input=1');
        const text = element('pre', { tabindex: 0, 'aria-label': 'Input' });
        setText(text, JSON.stringify(input, null, 2) ?? 'It is not there any more.');
        fill(this.#input, element('h3', {}, 'Its input'), text);
        return 'The input is shown below, and the list of actions has it.';
      },
    });
  }
}

function factsOf(job: InspectedJob): [name: string, value: Child][] {
  const {
    userId,
    attempts,
    maxAttempts,
    waitMs,
    provider,
    model,
    worker,
    followers,
    requestId,
    traceId,
    expiresAt,
    finishedAt,
    startedAt,
  } = job;
  const ran = finishedAt && startedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : undefined;
  const facts: [string, Child][] = [
    ['User', userId !== undefined && element('a', { href: addressOf('users', { user: userId }) }, userId)],
    ['Cost', [costIn(job) ?? 'nothing known', ...usageIn(job.usage).filter((text) => !text.includes('$'))].join(', ')],
    ['Attempts', `${attempts.length} of ${maxAttempts}`],
    ['Waited', spanIn(waitMs)],
    ['Ran', spanIn(ran)],
    ['Provider', [provider, model].filter(Boolean).join(', ')],
    ['Worker', worker],
    ['Followers', `${followers} on the API that answers`],
    ['Request', requestId],
    ['Trace', traceId],
    ['Kept until', timeIn(expiresAt)],
  ];
  return facts.filter(([, value]) => value !== undefined && value !== '' && value !== false);
}

function drawMoment(first: Moment) {
  const node = element('li');
  const update = ({ at, text, note, tone, jobId }: Moment): void => {
    node.dataset['tone'] = tone ?? '';
    const link = jobId !== undefined && element('a', { href: addressOf('jobs', {}, jobId) }, jobId);
    fill(node, element('time', {}, at ?? ''), element('span', {}, text), note !== undefined && element('small', {}, note), link);
  };
  update(first);
  return { node, update };
}
