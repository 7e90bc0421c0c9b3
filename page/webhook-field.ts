/**
 * The field for a server that is told when the job has ended, and the secret that it checks this
 * with.
 */
import type { DrawnField } from './drawn-field.ts';
import { element, fill } from './dom.ts';

/**
 * Draws it, folded. `readSecret`: resolves with the secret of the user; what it rejects with is
 * shown.
 */
export function drawWebhook(readSecret: () => Promise<string>): DrawnField {
  const input = element('input', {
    type: 'url',
    name: 'callbackUrl',
    placeholder: 'https://example.com/hooks/ai-jobs',
    autocomplete: 'off',
  });
  const shown = element('p', { class: 'note', role: 'status' });
  const show = async (): Promise<void> => {
    const secret = await readSecret().catch((error: unknown) => (error instanceof Error ? error.message : ''));
    fill(shown, element('code', {}, secret));
  };
  const button = element('button', { type: 'button', class: 'quiet', click: () => void show() }, 'Show my secret');
  return {
    node: element(
      'details',
      {},
      element('summary', {}, 'Tell a server when it is done'),
      element('label', { class: 'field' }, element('span', {}, 'Webhook (URL)'), input),
      element('p', { class: 'note' }, 'It gets a signed POST when the job has ended. It checks the signature with your secret.'),
      element('p', { class: 'actions' }, button),
      shown,
    ),
    read: () => input.value.trim() || undefined,
  };
}
