/** Draws the list of jobs: newest first, with buttons that filter it, and what can be done with each. */
import { element, setText } from './dom.ts';
import { piecesInWords, timeIn } from './figures.ts';
import { labelOf } from './forms.ts';
import { countsOf, type Filter, isUnfinished, type JobRow, shownRows, STATES } from './job-rows.ts';
import { Keyed } from './keyed.ts';

/** What the list does. Each resolves when it is done; what it rejects with is said. */
export type ListDoings = {
  open(jobId: string): void;
  retry(jobId: string): Promise<void>;
  cancel(jobId: string): Promise<void>;
  erase(jobId: string): Promise<void>;
  loadOlder(filter: Filter): Promise<void>;
  /** Why something could not be done, in words. */
  reasonOf(error: unknown): string;
};

/** What is shown. `openId`: the job that is open beside the list; its buttons are there. */
export type Listed = { rows: readonly JobRow[]; openId: string | undefined; hasOlder(filter: Filter): boolean };

/** The list as it is on the page. */
export class JobsList {
  readonly node: HTMLElement;
  readonly #doings: ListDoings;
  readonly #list = element('ul', { class: 'jobs', 'aria-label': 'Jobs' });
  readonly #rows = new Keyed<JobRow & { isOpen: boolean }>(this.#list, { keyOf: ({ jobId }) => jobId, make: (row) => this.#drawRow(row) });
  readonly #states = element('div', { class: 'filters', role: 'group', 'aria-label': 'States that are shown' });
  readonly #kinds = element('div', { class: 'filters', role: 'group', 'aria-label': 'Kinds that are shown' });
  readonly #stateRows: Keyed<FilterButton>;
  readonly #kindRows: Keyed<FilterButton>;
  readonly #empty = element('p', { class: 'hint' });
  readonly #older = element('button', { type: 'button', class: 'quiet', hidden: true, click: () => this.#loadOlder() }, 'Show older jobs');
  readonly #said = element('p', { class: 'note said', role: 'status', 'aria-label': 'What was done with a job' });
  #filter: Filter = {};
  #listed: Listed = { rows: [], openId: undefined, hasOlder: () => false };

  constructor(doings: ListDoings) {
    this.#doings = doings;
    this.#stateRows = this.#filterButtons(this.#states, 'status');
    this.#kindRows = this.#filterButtons(this.#kinds, 'kind');
    const below = element('p', { class: 'actions' }, this.#older);
    this.node = element('div', {}, this.#states, this.#kinds, this.#empty, this.#list, below, this.#said);
  }

  /** Shows the jobs. */
  update(listed: Listed): void {
    this.#listed = listed;
    const { rows, openId, hasOlder } = listed;
    const shown = shownRows(rows, this.#filter);
    this.#rows.update(shown.map((row) => ({ ...row, isOpen: row.jobId === openId })));
    setText(this.#empty, rows.length === 0 ? 'No jobs yet. What you submit stays here.' : 'No job is like that.');
    this.#empty.hidden = shown.length > 0;
    this.#older.hidden = !hasOlder(this.#filter);
    const states = countsOf(rows, 'status');
    const kinds = countsOf(rows, 'kind');
    const used = STATES.filter((state) => states.has(state) || this.#filter.status === state);
    this.#stateRows.update(this.#buttonsFor('status', used, (state) => `${state} ${states.get(state) ?? 0}`));
    this.#kindRows.update(this.#buttonsFor('kind', [...kinds.keys()].toSorted(), (kind) => `${labelOf(kind)} ${kinds.get(kind) ?? 0}`));
    this.#states.hidden = this.#kinds.hidden = rows.length === 0;
  }

  #buttonsFor(field: keyof Filter, values: readonly string[], label: (value: string) => string): FilterButton[] {
    const chosen = this.#filter[field];
    const all = { value: undefined, label: field === 'kind' ? 'all kinds' : 'all states', isChosen: chosen === undefined };
    return [all, ...values.map((value) => ({ value, label: label(value), isChosen: chosen === value }))];
  }

  #filterButtons(area: HTMLElement, field: keyof Filter): Keyed<FilterButton> {
    const make = (first: FilterButton) => {
      const click = (): void => {
        this.#filter = { ...this.#filter, [field]: first.value };
        this.update(this.#listed);
      };
      const node = element('button', { type: 'button', class: 'chip', click });
      const update = ({ label, isChosen }: FilterButton): void => {
        setText(node, label);
        node.setAttribute('aria-pressed', String(isChosen));
      };
      update(first);
      return { node, update };
    };
    return new Keyed<FilterButton>(area, { keyOf: ({ value }) => value ?? '', make });
  }

  #drawRow(first: JobRow & { isOpen: boolean }) {
    const { jobId, kind } = first;
    const when = timeIn(first.createdAt);
    const name = `${labelOf(kind)}, ${when}`;
    const state = element('span', { class: 'badge' });
    const count = element('span', { class: 'count' });
    const about = element('span', { class: 'about' }, name);
    const open = element('button', { type: 'button', class: 'open', click: () => this.#doings.open(jobId) }, about, state, count);
    const act = (label: string, verb: 'retry' | 'cancel' | 'erase') => {
      const button = element('button', { type: 'button', class: 'quiet small', 'aria-label': `${label}: ${name}` }, label);
      button.addEventListener('click', () => void this.#act(button, verb, jobId));
      return button;
    };
    const buttons = { retry: act('Retry', 'retry'), cancel: act('Cancel', 'cancel') };
    const actions = element('span', { class: 'row-actions' }, buttons.retry, buttons.cancel, act('Erase', 'erase'));
    const node = element('li', {}, open, actions);
    const update = ({ status, pieces, percent, isOpen }: JobRow & { isOpen: boolean }): void => {
      setText(state, status);
      state.className = `badge ${status}`;
      setText(count, countOf(status, pieces, percent));
      open.setAttribute('aria-current', String(isOpen));
      buttons.retry.hidden = isOpen || status !== 'failed';
      count.hidden = !buttons.retry.hidden; // there is no place for both
      buttons.cancel.hidden = isOpen || !isUnfinished(status);
    };
    update(first);
    return { node, update };
  }

  async #act(button: HTMLButtonElement, verb: 'retry' | 'cancel' | 'erase', jobId: string): Promise<void> {
    button.disabled = true;
    setText(this.#said, '');
    try {
      await this.#doings[verb](jobId);
      setText(this.#said, SAID[verb]);
    } catch (error) {
      setText(this.#said, `It could not be done: ${this.#doings.reasonOf(error)}`);
    } finally {
      button.disabled = false;
    }
  }

  #loadOlder(): void {
    this.#doings.loadOlder(this.#filter).catch((error: unknown) => setText(this.#said, this.#doings.reasonOf(error)));
  }
}

type FilterButton = { value: string | undefined; label: string; isChosen: boolean };

const SAID = { retry: 'Tried again.', cancel: 'The server was asked to cancel it.', erase: 'Erased, with everything of it.' } as const;

/** How far a job is, or what it has made. */
function countOf(status: string, pieces: number, percent: number): string {
  if (status === 'active') return `${Math.round(percent)} %`;
  return pieces > 0 ? piecesInWords(pieces) : '';
}
