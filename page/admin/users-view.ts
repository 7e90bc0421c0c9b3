/** What operators have set for users: blocked, a weight, a bound; and one user, for whom it is set. */
import { element, fill, setText } from '../dom.ts';
import type { DrawnField } from '../drawn-field.ts';
import { drawField } from '../fields.ts';
import { timeIn } from '../figures.ts';
import type { UserTerms } from './answers.ts';
import type { Desk, View } from './desk.ts';
import { addressOf, type Place } from './place.ts';
import { reasonField, tickField, untilField, valuesOf } from './question.ts';
import { drawnColumn, Table, textColumn } from './table.ts';
import { textIn } from './typed.ts';
import { countIn } from './words.ts';

/** The list, with a form to open a user. */
export class UsersView implements View {
  readonly node: HTMLElement;
  readonly #desk: Desk;
  readonly #name = drawField({ type: 'line', name: 'user', label: 'User', required: true });
  readonly #one = element('div', { class: 'one' });
  readonly #terms = element('p', { class: 'note' });
  readonly #buttons = element('p', { class: 'actions' });
  readonly #table = new Table<UserTerms>({
    label: 'Users with terms',
    empty: 'Every user has the terms of the plan.',
    keyOf: ({ userId }) => userId,
    columns: [
      drawnColumn('User', ({ userId }) => [element('a', { href: addressOf('users', { user: userId }) }, userId)]),
      textColumn('Terms', termsIn),
      textColumn('Reason', ({ reason = '–' }) => reason),
      textColumn('By', ({ by = '–' }) => by),
      textColumn('Since', ({ since }) => timeIn(since)),
      textColumn('Until', ({ until }) => (until === undefined ? 'it is taken back' : timeIn(until))),
    ],
  });
  #user: string | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
    const submit = (event: Event): void => {
      event.preventDefault();
      location.hash = addressOf('users', { user: textIn(this.#name) });
    };
    const form = element(
      'form',
      { class: 'filter', submit, 'aria-label': 'Look at a user' },
      this.#name.node,
      element('button', { type: 'submit' }, 'Look'),
    );
    this.node = element(
      'section',
      { class: 'panel', 'aria-label': 'Users' },
      element('h2', {}, 'Users'),
      form,
      this.#one,
      this.#table.node,
    );
  }

  show({ query }: Place): void {
    this.#user = query['user'];
    fill(this.#terms);
    fill(this.#buttons);
    const head = this.#user !== undefined && element('h3', {}, this.#user);
    fill(this.#one, head, head && this.#terms, head && this.#buttons);
  }

  async read(): Promise<void> {
    const user = this.#user;
    const [{ users }, terms] = await Promise.all([
      this.#desk.ask<{ users: UserTerms[] }>('/admin/users'),
      user === undefined ? undefined : this.#desk.ask<UserTerms>(pathOf(user)),
    ]);
    this.#table.update(users);
    if (terms && user === this.#user) this.#draw(terms);
  }

  #draw(terms: UserTerms): void {
    setText(this.#terms, `Terms: ${termsIn(terms)}. ${openIn(terms)}.${terms.reason === undefined ? '' : ` Reason: ${terms.reason}`}`);
    if (this.#buttons.contains(document.activeElement)) return;
    const button = (label: string, press: () => void) => element('button', { type: 'button', class: 'quiet', click: press }, label);
    const hasTerms = terms.since !== undefined;
    fill(
      this.#buttons,
      !terms.blocked && button('Block…', () => this.#block(terms)),
      button('Weight and bound…', () => this.#bound(terms)),
      hasTerms && button('Take all back…', () => this.#takeBack(terms)),
      element('a', { href: addressOf('jobs', { user: terms.userId }) }, 'Jobs of this user'),
    );
  }

  #block({ userId, weight, maxJobs, openJobs = 0 }: UserTerms): void {
    const cancelRunning = tickField(`Cancel what is under way (${countIn(openJobs, 'job')})`, 'cancelRunning');
    this.#set(userId, {
      title: `Block ${userId}?`,
      facts: [
        'Submissions and retries are refused. What there is can still be read.',
        `${openIn({ openJobs })}. What is under way goes on, unless it is cancelled.`,
      ],
      verb: 'Block',
      fields: { reason: reasonField('The user is told.'), until: untilField(), cancelRunning },
      rest: { blocked: true, weight, maxJobs },
      said: `${userId} is blocked.`,
    });
  }

  #bound({ userId, blocked, openJobs = 0 }: UserTerms): void {
    const number = (name: string, label: string, least: number, step?: 'any') =>
      drawField({ type: 'number', name, label, least, most: 1_000_000, ...(step && { step }), value: undefined });
    this.#set(userId, {
      title: `Set terms for ${userId}?`,
      facts: [`In place of what is set now. ${openIn({ openJobs })}: that changes nothing of them.`],
      verb: 'Set',
      fields: {
        weight: number('weight', "Weight: so many jobs run for one of another's", 0.01, 'any'),
        maxJobs: number('maxJobs', 'Jobs at most that have not ended', 1),
        reason: reasonField('The user is told.'),
        until: untilField(),
      },
      rest: { blocked },
      said: `The terms of ${userId} are set.`,
    });
  }

  #takeBack({ userId }: UserTerms): void {
    const facts = ['The user has the terms of the plan again, from the next submission on.'];
    this.#set(userId, {
      title: `Take back all that is set for ${userId}?`,
      facts,
      verb: 'Take back',
      fields: {},
      rest: {},
      said: `${userId} has the terms of the plan.`,
    });
  }

  #set(user: string, { fields, rest, said, ...question }: TermsQuestion): void {
    this.#desk.question({
      ...question,
      fields: Object.values(fields),
      act: async () => {
        const { runId } = await this.#desk.ask<UserTerms>(pathOf(user), { method: 'PUT', body: { ...rest, ...valuesOf(fields) } });
        if (runId !== undefined) this.#desk.follow({ runId });
        return said;
      },
    });
  }
}

/** A question about terms. `rest`: what is sent beside the fields; `said`: what is said when it is done. */
type TermsQuestion = { title: string; facts: string[]; verb: string; fields: Record<string, DrawnField>; rest: object; said: string };

const pathOf = (user: string): string => `/admin/users/${encodeURIComponent(user)}`;

function termsIn({ blocked, weight, maxJobs }: UserTerms): string {
  const parts = [
    blocked && 'blocked',
    weight !== undefined && `weight ${weight}`,
    maxJobs !== undefined && `${countIn(maxJobs, 'job')} at most`,
  ];
  return parts.filter(Boolean).join(', ') || 'as the plan says';
}

function openIn({ openJobs = 0 }: Pick<UserTerms, 'openJobs'>): string {
  return `${countIn(openJobs, 'job')} of the user ${openJobs === 1 ? 'has' : 'have'} not ended`;
}
