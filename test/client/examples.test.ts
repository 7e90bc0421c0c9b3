/** Tests the examples for the web and for Node as their users meet them. The one for Expo has a test of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { cleanup, fireEvent, render } from '@testing-library/react';
import { type ComponentType, createElement } from 'react';
import { expect, test, vi } from 'vitest';
import { packClient, ROOT } from '../support/client-package.ts';
import { openDom } from '../support/dom.ts';
import { startStack } from '../support/stack-in-process.ts';

const APP = '../../examples/vite/src/App.tsx'; // by its name: it is compiled with the settings of an app

test('the script prints the cards of a file, goes on with a job by its id, and says why there are none', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const { app } = packClient();
  for (const name of ['cards.ts', 'package.json']) cpSync(join(ROOT, 'examples/node', name), join(app, name));
  const run = async (...args: string[]) => {
    const program = spawn(process.execPath, ['cards.ts', ...args], { cwd: app, env: { ...process.env, AI_JOBS_URL: stack.url } });
    const [output, errors, [code]] = await Promise.all([text(program.stdout), text(program.stderr), once(program, 'close')]);
    return { code: code as unknown, output, errors };
  };
  writeFileSync(join(app, 'notes.txt'), 'Hund: dog\nKatze: cat');
  const first = await run('notes.txt');
  expect(first).toMatchObject({ code: 0, output: '1. Hund\n   dog\n2. Katze\n   cat\n', errors: expect.stringContaining('2 cards') });
  const [, id = ''] = /^job (\S+)/.exec(first.errors) ?? [];
  expect(await run('notes.txt', id)).toEqual(first);
  writeFileSync(join(app, 'notes.txt'), '!!!');
  expect(await run('notes.txt')).toMatchObject({ code: 1, output: '', errors: expect.stringContaining('invalid_input') });
  expect(await run()).toMatchObject({ code: 2, errors: expect.stringContaining('usage') });
});

test('the web app shows cards as they come, finds its job after a reload, and begins anew', async () => {
  const { App } = (await import(APP)) as { App: ComponentType<{ baseUrl: string }> };
  const stack = await startStack();
  await stack.startWorker();
  const dom = openDom();
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  });
  let view = render(createElement(App, { baseUrl: stack.url }));
  const press = (name: string) => fireEvent.click(view.getByRole('button', { name }));

  fireEvent.input(view.getByLabelText('Notes'), { target: { value: 'Hund: dog\nKatze: cat' } });
  press('Make flashcards');
  await dom.until(() => dom.text().includes('Your cards are ready.'));
  press('Katze');
  expect(dom.text()).toContain('cat');

  cleanup(); // the page is loaded again
  view = render(createElement(App, { baseUrl: stack.url }));
  await dom.until(() => dom.text().includes('Your cards are ready.'));
  expect(view.getAllByRole('listitem')).toHaveLength(2);
  press('New cards');
  expect(view.getByLabelText('Notes')).toBeDefined();
  expect([view.queryAllByRole('listitem'), kept.size]).toEqual([[], 0]);
});
