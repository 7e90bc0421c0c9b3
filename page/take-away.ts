/** Buttons that take something away: copied, or as a file. */
import { element } from './dom.ts';
import { download, EXPORTS, pairsIn } from './exports.ts';

/** What can be done with a result. `read`: gives it as it is when a button is pressed, after the user has changed it. */
export function exportButtons(kind: string, read: () => unknown, tags: () => readonly string[]): HTMLElement[] {
  const offered = Object.entries(EXPORTS).filter(([, of]) => of(read(), []) !== undefined);
  const save = (of: (typeof EXPORTS)[string]): void => {
    const made = of(read(), tags());
    if (made) download(`${kind}.${made.ending}`, made.type, made.text);
  };
  return [
    copyButton(() => textOf(read())),
    ...offered.map(([label, of]) =>
      element('button', { type: 'button', class: 'quiet', title: `Save as a file: ${label}`, click: () => save(of) }, label),
    ),
  ];
}

/** What is copied: pairs as lines that a spreadsheet takes, else a text, else JSON. */
function textOf(result: unknown): string {
  const pairs = pairsIn(result);
  const { text } = (result ?? {}) as { text?: unknown };
  if (pairs.length > 0) return pairs.map((pair) => pair.join('\t')).join('\n');
  return typeof text === 'string' ? text : JSON.stringify(result, null, 2);
}

/** A button that copies a text. */
export function copyButton(textToCopy: () => string): HTMLElement {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(textToCopy());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'The browser does not allow it here'; // not on an address without HTTPS
    }
  };
  const button = element('button', { type: 'button', class: 'quiet', click: () => void copy() }, 'Copy');
  return button;
}
