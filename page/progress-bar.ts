/** The bar that says how far the open job is. There is one on the page, also where one job leads to another. */
import { element } from './dom.ts';

/** The bar as it is on the page. */
export class ProgressBar {
  readonly node = element('progress', { max: 100, value: 0, 'aria-label': 'Progress' });

  /** Shows how far a job is. `percent`: of the job; `text`: the same in words. */
  show(percent: number, text: string): void {
    const value = String(Math.round(percent));
    if (this.node.getAttribute('aria-valuetext') === text && this.node.getAttribute('value') === value) return;
    this.node.setAttribute('value', value);
    this.node.setAttribute('aria-valuenow', value);
    this.node.setAttribute('aria-valuetext', text);
  }
}
