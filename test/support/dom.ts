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

/** In how many turns of the event loop React has surely come to its end after everything was unmounted. */
const TURNS = 10;

/** Opens a DOM; it goes with the test. fetch and its like stay Node's. */
export function openDom(): Dom {
  const window = new Window({ url: 'http://localhost/' });
  const own = globalThis as unknown as Record<string, unknown>;
  const before = { window: own['window'], document: own['document'] };
  Object.assign(globalThis, { window, document: window.document });
  onTestFinished(async () => {
    cleanup();
    // React goes on in turns of its own after that, and asks the window about its event.
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
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
