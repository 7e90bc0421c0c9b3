/** The page for who has signed in: one view at a time, read again every few seconds, and what is asked and said over all of them. */
import { ApiError } from '../../client/src/problem.ts';
import { ConnectionView } from '../connection-view.ts';
import { element, fill, setText } from '../dom.ts';
import { messageOf } from '../message-of.ts';
import { ActionsView } from './actions-view.ts';
import type { Desk, View } from './desk.ts';
import { JobPage } from './job-page.ts';
import { JobsView } from './jobs-view.ts';
import { LettersView } from './letters-view.ts';
import type { OperatorApi } from './operator-api.ts';
import { Overview } from './overview.ts';
import { addressOf, placeOf } from './place.ts';
import { QuestionDialog } from './question.ts';
import { Runs } from './runs.ts';
import { UsersView } from './users-view.ts';

/** How often what is shown is read again, in ms. */
const LOOK_MS = 5000;

const TITLES = { '': 'Overview', jobs: 'Jobs', 'dead-letters': 'Dead letters', users: 'Users', actions: 'Actions' } as const;

/** Where the parts of the console stand on the page. */
export type ConsoleParts = { main: HTMLElement; views: HTMLElement; connection: HTMLElement };

/** The console. */
export class Console {
  readonly #parts: ConsoleParts;
  readonly #signedOut: (error: unknown) => void;
  readonly #views: Readonly<Record<string, View>>;
  readonly #said = element('p', { class: 'said panel', role: 'status', 'aria-label': 'What was done' });
  readonly #area = element('div');
  readonly #dialog: QuestionDialog;
  readonly #runs: Runs;
  readonly #connection = new ConnectionView(() => this.#look());
  readonly #left = new AbortController();
  #shown: View | undefined;
  #clock: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  /** `signedOut`: the server does not know the token any more, or the operator has signed out (undefined). */
  constructor(api: OperatorApi, parts: ConsoleParts, signedOut: (error: unknown) => void) {
    this.#parts = parts;
    this.#signedOut = signedOut;
    this.#runs = new Runs(api.ask, () => this.#look());
    this.#dialog = new QuestionDialog((text) => (this.#say(text), this.#look()));
    const desk: Desk = {
      ...api,
      question: (question) => this.#dialog.ask(question),
      say: (text) => this.#say(text),
      follow: ({ runId }) => void this.#runs.follow(runId),
    };
    const [overview, jobs, job] = [new Overview(desk), new JobsView(desk), new JobPage(desk)];
    this.#views = {
      '': overview,
      jobs,
      job,
      'dead-letters': new LettersView(desk),
      users: new UsersView(desk),
      actions: new ActionsView(desk),
    };
    fill(parts.main, this.#runs.node, this.#said, this.#area, this.#dialog.node);
    fill(parts.connection, this.#connection.node);
    const { signal } = this.#left;
    window.addEventListener('hashchange', () => this.#open(), { signal });
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.#look(), { signal });
    this.#open();
  }

  /** Takes all away that is on the page. */
  leave(): void {
    this.#left.abort();
    clearTimeout(this.#clock);
    this.#turn += 1;
    this.#runs.leave();
    this.#dialog.close();
    fill(this.#parts.main);
    fill(this.#parts.views);
    fill(this.#parts.connection);
  }

  #open(): void {
    const place = placeOf(location.hash);
    const name = place.view === 'jobs' && place.id !== undefined ? 'job' : place.view;
    const view = this.#views[name] ?? this.#views[''];
    this.#drawLinks(place.view);
    this.#say('');
    this.#dialog.close();
    if (!view) return;
    view.show?.(place);
    this.#shown = view;
    fill(this.#area, view.node);
    this.#look();
  }

  #drawLinks(current: string): void {
    const links = Object.entries(TITLES).map(([view, title]) =>
      element('a', { href: addressOf(view), 'aria-current': view === current ? 'page' : undefined }, title),
    );
    const out = element('button', { type: 'button', class: 'link', click: () => this.#signedOut(undefined) }, 'Sign out');
    fill(this.#parts.views, ...links, out);
  }

  /** Reads what is shown at once, and then every few seconds. */
  #look(): void {
    clearTimeout(this.#clock);
    if (this.#left.signal.aborted) return;
    void this.#read(++this.#turn);
  }

  /** A tab that nobody looks at asks no more. */
  async #read(turn: number): Promise<void> {
    const failure = await this.#shown?.read().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (turn !== this.#turn) return;
    if (failure) this.#fail(failure.error);
    else this.#connection.show({ type: 'live' });
    const isWanted = document.visibilityState === 'visible';
    if (isWanted) this.#clock = setTimeout(() => this.#look(), LOOK_MS);
  }

  #fail(error: unknown): void {
    if (error instanceof ApiError && error.status === 401) return this.#signedOut(error);
    const isAnswer = error instanceof ApiError && error.status !== undefined;
    if (isAnswer) this.#say(messageOf(error));
    this.#connection.show(isAnswer ? { type: 'live' } : { type: 'offline', retryAtMs: performance.now() + LOOK_MS });
  }

  #say(text: string): void {
    setText(this.#said, text);
  }
}
