/** The events of a job as they came over the wire: the newest of them, for who writes a client. */
import { element } from './dom.ts';

/** How many are shown. */
const SHOWN = 200;

/** The list, folded. While it is folded nothing is drawn. */
export class RawEvents {
  readonly node: HTMLDetailsElement;
  readonly #text = new Text();
  #lines: string[] = [];

  constructor() {
    const lines = element('pre', { tabindex: 0, 'aria-label': 'Events as they came' }, this.#text);
    this.node = element('details', { toggle: () => this.#draw() }, element('summary', {}, 'Events as they came'), lines);
  }

  /** Takes the next event. */
  take(event: object): void {
    this.#lines.push(JSON.stringify(event));
    if (this.#lines.length > SHOWN) this.#lines = this.#lines.slice(-SHOWN);
    this.#draw();
  }

  #draw(): void {
    if (this.node.open) this.#text.data = this.#lines.join('\n');
  }
}
