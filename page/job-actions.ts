/** What can be done with the open job: cancelled while it runs, tried again, taken away. What became of it is said. */
import type { JobState } from '../client/src/state.ts';
import { element, fill, setText } from './dom.ts';
import { exportButtons } from './take-away.ts';

/** What the buttons do, and what is taken away. */
export type Doings = {
  kind: string;
  cancel(): Promise<{ status: string }>;
  retry(): Promise<void>;
  /** Submits the same once more, as another job. Undefined where what it was made of is not known any more. */
  submitAgain: (() => Promise<void>) | undefined;
  /** What there is to take away now; undefined for nothing. */
  result(): unknown;
  /** The tags that cards are taken away with. */
  tags(): readonly string[];
};

/** The buttons as they are on the page, with a line that says what became of a press. */
export class JobActions {
  readonly node: HTMLElement;
  readonly #doings: Doings;
  readonly #buttons = element('div', { class: 'actions' });
  readonly #said = element('p', { class: 'note said', role: 'status', 'aria-label': 'What was done' });
  #drawnFor = '';

  constructor(doings: Doings) {
    this.#doings = doings;
    this.node = element('div', {}, this.#buttons, this.#said);
  }

  /** Draws the buttons of a state. They stay while it does. */
  update({ status, error }: JobState): void {
    const hasResult = this.#doings.result() !== undefined;
    const isRunning = status === 'waiting' || status === 'active';
    const drawnFor = `${isRunning ? 'running' : status} ${isRunning || hasResult} ${error?.code ?? ''}`;
    if (drawnFor === this.#drawnFor) return;
    this.#drawnFor = drawnFor;
    const hadFocus = this.#buttons.contains(document.activeElement);
    fill(this.#buttons, ...this.#buttonsOf(status, isRunning));
    if (hadFocus) this.#buttons.querySelector('button')?.focus();
  }

  #buttonsOf(status: string, isRunning: boolean): HTMLElement[] {
    const { kind, result, tags } = this.#doings;
    if (isRunning) return [this.#button('Cancel', 'quiet', () => this.#cancel())];
    const exports = result() === undefined ? [] : exportButtons(kind, result, tags);
    if (status === 'failed') return [this.#button('Retry', '', () => this.#retry()), ...exports];
    return status === 'cancelled' ? [this.#button('Do it again', '', () => this.#submitAgain()), ...exports] : exports;
  }

  /** A button that can't be pressed again while it works. */
  #button(label: string, name: string, act: () => Promise<void>): HTMLElement {
    const press = async (): Promise<void> => {
      button.disabled = true;
      await act().finally(() => (button.disabled = false));
    };
    const button = element('button', { type: 'button', class: name || undefined, click: () => void press() }, label);
    return button;
  }

  async #cancel(): Promise<void> {
    this.say('Asking the server to cancel.');
    try {
      const { status } = await this.#doings.cancel();
      this.say(SAID[status] ?? 'The server was asked to cancel. What is done so far is kept.');
    } catch (error) {
      this.say(`Not cancelled: ${reasonOf(error)}`);
    }
  }

  async #retry(): Promise<void> {
    this.say('Asking the server to try again.');
    try {
      await this.#doings.retry();
      this.say('');
    } catch (error) {
      this.say(`Not tried again: ${reasonOf(error)}`);
    }
  }

  /** A cancelled job is not tried again by the server, so the same is submitted as a new one. */
  async #submitAgain(): Promise<void> {
    const { submitAgain } = this.#doings;
    if (!submitAgain) return this.say(NOT_KNOWN);
    this.say('Submitting the same again.');
    try {
      await submitAgain();
      this.say('');
    } catch (error) {
      this.say(`Not submitted: ${reasonOf(error)}`);
    }
  }

  /** Says what has happened; '' says nothing. */
  say(text: string): void {
    setText(this.#said, text);
  }
}

const NOT_KNOWN = 'Not submitted: this tab does not have what the job was made of. Files are not kept, nor what another tab has submitted.';

/** What a cancellation has come to, by the status of the answer. */
const SAID: Readonly<Record<string, string>> = {
  cancelled: 'Cancelled. What was done until then is kept.',
  completed: 'Not cancelled: the job had completed already.',
  failed: 'Not cancelled: the job had failed already.',
};

/** Why a request came to nothing, in words. */
export function reasonOf(error: unknown): string {
  const { code, detail } = (error ?? {}) as { code?: string; detail?: string };
  if (code === undefined || code === 'unreachable')
    return 'there is no connection. Try it again when it is back; the job goes on meanwhile.';
  return detail ?? code;
}
