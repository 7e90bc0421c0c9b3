/** Buttons that take something away: copied, or as a file. */
import { element } from './dom.ts';
import { download, pairsIn, toAnki, toCsv } from './exports.ts';

/** What can be done with a result. */
export function exportButtons(kind: string, result: unknown): HTMLElement[] {
  if (result === undefined) return [];
  const json = JSON.stringify(result, null, 2);
  const pairs = pairsIn(result);
  const button = (label: string, act: () => void) => element('button', { type: 'button', class: 'quiet', click: act }, label);
  return [
    copyButton(() => (pairs.length > 0 ? pairs.map((pair) => pair.join('\t')).join('\n') : json)),
    button('JSON', () => download(`${kind}.json`, 'application/json', json)),
    ...(pairs.length === 0
      ? []
      : [
          button('CSV', () => download(`${kind}.csv`, 'text/csv', toCsv(pairs))),
          button('Anki', () => download(`${kind}.txt`, 'text/plain', toAnki(pairs))),
        ]),
  ];
}

/** A button that copies a text. */
export function copyButton(textOf: () => string): HTMLElement {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(textOf());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'The browser does not allow it here'; // not on an address without HTTPS
    }
  };
  const button = element('button', { type: 'button', class: 'quiet', click: () => void copy() }, 'Copy');
  return button;
}
