/** Jobs of all users by a filter, which the address has; and what can be done with all of them at once. */
import type { KindInfo } from '../composer.ts';
import { element, fill, setText } from '../dom.ts';
import type { DrawnField } from '../drawn-field.ts';
import type { Field } from '../forms.ts';
import { messageOf } from '../message-of.ts';
import type { BulkKind, FoundJob, PageOf } from './answers.ts';
import { askForMany, BULK_WORDS } from './bulk.ts';
import type { Desk, View } from './desk.ts';
import { createJobTable } from './job-table.ts';
import { withQuery } from './operator-api.ts';
import { addressOf, type Place } from './place.ts';
import { drawFilled, textIn } from './typed.ts';

type Page = PageOf<'jobs', FoundJob>;

/** A page can be empty while there are others: so many are read until something is found. */
const PAGES_AT_ONCE = 10;

const STATES = ['active', 'waiting', 'delayed', 'failed', 'cancelled', 'completed'] as const;

/** What can be done with jobs of a state; without one, only what a filter by code means: failed jobs. */
const DOINGS: Readonly<Record<string, readonly BulkKind[]>> = {
  active: ['cancel', 'purge'],
  waiting: ['cancel', 'purge'],
  delayed: ['cancel', 'purge'],
  failed: ['retry', 'purge'],
  cancelled: ['purge'],
  completed: ['purge'],
  any: ['retry', 'cancel', 'purge'],
};

/** The list with its filter. */
export class JobsView implements View {
  readonly node: HTMLElement;
  readonly #desk: Desk;
  readonly #table = createJobTable();
  readonly #form = element('form', { class: 'filter', 'aria-label': 'Filter' });
  readonly #doings = element('p', { class: 'actions' });
  readonly #more = element('button', { type: 'button', class: 'quiet', hidden: true, click: () => void this.#readMore() }, 'Show more');
  readonly #note = element('p', { class: 'note said', role: 'status', 'aria-label': 'What was found' });
  #fields: Record<string, DrawnField> = {};
  #kinds: readonly string[] = [];
  #query: Readonly<Record<string, string>> = {};
  #jobs: FoundJob[] = [];
  #cursor: string | undefined;
  #pages = 1;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      location.hash = addressOf('jobs', this.#written());
    });
    const head = element('div', { class: 'head' }, element('h2', {}, 'Jobs'), this.#doings);
    const below = element('p', { class: 'actions' }, this.#more);
    this.node = element('section', { class: 'panel', 'aria-label': 'Jobs' }, head, this.#form, this.#note, this.#table.node, below);
  }

  show({ query }: Place): void {
    this.#query = query;
    this.#jobs = [];
    this.#pages = 1;
    setText(this.#note, '');
    this.#table.update([]);
    this.#drawForm();
    this.#drawDoings();
  }

  async read(): Promise<void> {
    if (this.#kinds.length === 0) {
      const { kinds } = await this.#desk.ask<{ kinds: KindInfo[] }>('/api/kinds');
      this.#kinds = kinds.map(({ name }) => name);
      this.#drawForm();
    }
    if (this.#pages > 1) return; // who looks at more of them is not disturbed
    const query = this.#query;
    const { jobs, nextCursor } = await this.#find(undefined);
    if (query === this.#query && this.#pages === 1) this.#take(jobs, nextCursor);
  }

  async #readMore(): Promise<void> {
    const query = this.#query;
    this.#pages += 1;
    try {
      const { jobs, nextCursor } = await this.#find(this.#cursor);
      if (query === this.#query) this.#take([...this.#jobs, ...jobs], nextCursor);
    } catch (error) {
      this.#desk.say(messageOf(error));
    }
  }

  /** Finds a page; where that is empty, the next one that is not. */
  async #find(from: string | undefined): Promise<Page> {
    let page: Page = { jobs: [], more: true, ...(from !== undefined && { nextCursor: from }) };
    for (let n = 0; n < PAGES_AT_ONCE && page.more && page.jobs.length === 0; n++)
      page = await this.#desk.ask<Page>(withQuery('/admin/jobs', { ...this.#query, limit: '50', cursor: page.nextCursor }));
    return page;
  }

  #take(jobs: FoundJob[], cursor: string | undefined): void {
    this.#jobs = jobs;
    this.#cursor = cursor;
    this.#more.hidden = cursor === undefined;
    this.#table.update(jobs);
    setText(this.#note, `${jobs.length}${cursor === undefined ? '' : ' and perhaps more'} found.`);
  }

  #drawForm(): void {
    if (this.#form.contains(document.activeElement)) return; // somebody writes in it
    const fields = fieldsOf(this.#kinds, this.#query['kind']);
    this.#fields = Object.fromEntries(fields.map((field) => [field.name, drawFilled(field, this.#query[field.name] ?? '')]));
    fill(this.#form, ...Object.values(this.#fields).map(({ node }) => node), element('button', { type: 'submit' }, 'Find'));
  }

  #drawDoings(): void {
    const { state, code } = this.#query;
    const kinds = DOINGS[state ?? (code === undefined ? 'any' : 'failed')] ?? [];
    const press = (what: BulkKind) => () =>
      void askForMany(this.#desk, what, this.#query).catch((error: unknown) => this.#desk.say(messageOf(error)));
    const button = (what: BulkKind) =>
      element('button', { type: 'button', class: 'quiet small', click: press(what) }, `${BULK_WORDS[what].verb} all…`);
    fill(this.#doings, ...kinds.map(button));
  }

  #written(): Record<string, string> {
    const written = Object.entries(this.#fields).map(([name, field]): [string, string] => [name, textIn(field)]);
    return Object.fromEntries(written.filter(([, text]) => text !== ''));
  }
}

/** `chosen`: a kind that is not known any more can still be looked for. */
function fieldsOf(kinds: readonly string[], chosen: string | undefined): Field[] {
  const choices = (names: readonly string[]) => [['', 'any'] as const, ...names.map((name) => [name, name] as const)];
  const all = chosen === undefined || kinds.includes(chosen) ? kinds : [...kinds, chosen];
  return [
    { type: 'choice', name: 'state', label: 'State', options: choices(STATES) },
    { type: 'choice', name: 'kind', label: 'Kind', options: choices(all) },
    { type: 'line', name: 'code', label: 'Code', placeholder: 'provider_timeout' },
    { type: 'line', name: 'user', label: 'User' },
    { type: 'line', name: 'provider', label: 'Provider', placeholder: 'openai' },
    { type: 'line', name: 'since', label: 'Since', placeholder: '15m, 2h, 1d', hint: 'A time, or how long ago that is.' },
  ];
}
