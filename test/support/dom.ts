/** A DOM for tests of React, which works there by itself while a test waits, as in a browser. */
import { cleanup } from '@testing-library/react';
import { Window } from 'happy-dom';
import { expect, onTestFinished } from 'vitest';

/** An open DOM. */
export type Dom = {
  /** All text that is shown. */
  text(): string;
  /** Waits until what is shown fits. */
  until(fits: () => boolean): Promise<void>;
};

/** Opens a DOM; it goes with the test. fetch and its like stay Node's. */
export function openDom(): Dom {
  const window = new Window({ url: 'http://localhost/' });
  const own = globalThis as unknown as Record<string, unknown>;
  const before = { window: own['window'], document: own['document'] };
  Object.assign(globalThis, { window, document: window.document });
  onTestFinished(async () => {
    cleanup();
    Object.assign(globalThis, before);
    await window.happyDOM.close();
  });
  return {
    text: () => window.document.body.textContent,
    async until(fits) {
      await expect.poll(fits).toBe(true);
    },
  };
}
