/** Says whether the page has a connection, and when it tries again. */
import { element, setText } from './dom.ts';
import type { FeedState } from './feed.ts';

/** The line as it is on the page. */
export class ConnectionView {
  readonly node: HTMLElement;
  readonly #text = element('span', { role: 'status', 'aria-label': 'Connection' });
  readonly #button: HTMLElement;
  #state: FeedState = { type: 'connecting' };
  #clock: ReturnType<typeof setInterval> | undefined;

  /** `retryNow`: tries at once. */
  constructor(retryNow: () => void) {
    this.#button = element('button', { type: 'button', class: 'quiet small', hidden: true, click: retryNow }, 'Try now');
    this.node = element('p', { class: 'connection' }, this.#text, this.#button);
    this.show(this.#state);
  }

  /** Shows a state, and counts down where there is something to wait for. */
  show(state: FeedState): void {
    clearInterval(this.#clock);
    this.#text.setAttribute('aria-live', state.type === this.#state.type ? 'off' : 'polite');
    this.#state = state;
    this.node.dataset['state'] = state.type;
    this.#button.hidden = !('retryAtMs' in state);
    this.#draw();
    if ('retryAtMs' in state) this.#clock = setInterval(() => this.#tick(), 250);
  }

  /** A screen reader says the state once, not each second. */
  #tick(): void {
    this.#text.setAttribute('aria-live', 'off');
    this.#draw();
  }

  #draw(): void {
    setText(this.#text, textOf(this.#state));
  }
}

function textOf(state: FeedState): string {
  if (!('retryAtMs' in state)) return state.type === 'live' ? 'Connected' : 'Connecting';
  const seconds = Math.max(0, Math.ceil((state.retryAtMs - performance.now()) / 1000));
  if (state.type === 'refused') return 'Not signed in: give an access token';
  return `No connection, next try in ${seconds} s`;
}
