/** Asks the operator once before something is changed, and says what is wrong where it was refused. */
import { element, fill } from '../dom.ts';
import type { DrawnField } from '../drawn-field.ts';
import { drawField } from '../fields.ts';
import { messageOf } from '../message-of.ts';

/** A question. `facts`: what it is about, how many, at which price. `act` resolves with what is said when it is done. */
export type Question = {
  title: string;
  facts?: readonly string[];
  fields?: readonly DrawnField[];
  /** The words of the button. */
  verb: string;
  /** It can't be undone. */
  isFinal?: boolean;
  act: () => Promise<string>;
};

/** The one dialog of the page. */
export class QuestionDialog {
  readonly node = element('dialog', { class: 'panel', 'aria-labelledby': 'question' });
  readonly #said: (text: string) => void;

  /** `said`: takes what became of it. */
  constructor(said: (text: string) => void) {
    this.#said = said;
  }

  /** Asks. Whatever was asked before is given up. */
  ask({ title, facts = [], fields = [], verb, isFinal, act }: Question): void {
    const wrong = element('div');
    const yes = element('button', { type: 'submit', class: isFinal ? 'danger' : undefined }, verb);
    const no = element('button', { type: 'button', class: 'quiet', click: () => this.node.close() }, 'Leave it');
    const press = async (): Promise<void> => {
      yes.disabled = true;
      fill(wrong);
      try {
        const text = await act();
        this.node.close();
        this.#said(text);
      } catch (error) {
        fill(wrong, element('div', { class: 'problem', role: 'alert' }, messageOf(error)));
      } finally {
        yes.disabled = false;
      }
    };
    const submit = (event: Event): void => (event.preventDefault(), void press());
    const form = element(
      'form',
      { submit },
      element('h2', { id: 'question' }, title),
      facts.length > 0 && element('ul', { class: 'points' }, ...facts.map((fact) => element('li', {}, fact))),
      ...fields.map(({ node }) => node),
      wrong,
      element('p', { class: 'actions' }, yes, no),
    );
    fill(this.node, form);
    if (!this.node.open) this.node.showModal();
  }

  /** Closes it without an answer. */
  close(): void {
    this.node.close();
  }
}

/** A field for the reason. `hint`: who reads it. */
export function reasonField(hint: string): DrawnField {
  return drawField({ type: 'line', name: 'reason', label: 'Reason', hint, placeholder: hint });
}

/** For how long something holds. */
const SPANS = [
  ['', 'it is taken back'],
  ['900000', '15 minutes are over'],
  ['3600000', 'an hour is over'],
  ['14400000', 'four hours are over'],
  ['86400000', 'a day is over'],
] as const;

/** A field for how long something holds. It reads as the time of its end (RFC 3339). */
export function untilField(): DrawnField {
  const { node, read } = drawField({ type: 'choice', name: 'until', label: 'Until', options: SPANS });
  return {
    node,
    read() {
      const ms = read();
      return ms === undefined ? undefined : new Date(Date.now() + Number(ms)).toISOString();
    },
  };
}

/** A box to tick. It reads as true or false. */
export function tickField(label: string, name: string): DrawnField {
  const input = element('input', { type: 'checkbox', name });
  return { node: element('label', { class: 'tick' }, input, label), read: () => input.checked };
}

/** What fields have in them, by the names that the server has for them. */
export function valuesOf(fields: Readonly<Record<string, DrawnField>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.read()]));
}
