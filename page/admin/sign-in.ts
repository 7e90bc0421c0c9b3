/** Signing in: the page has no data before. */
import { ApiError } from '../../client/src/problem.ts';
import { element, fill } from '../dom.ts';
import { messageOf } from '../message-of.ts';
import type { AskServer } from './operator-api.ts';
import { keepAdminToken } from './token.ts';

/** Draws the form. `why`: why it is shown again. `onSignedIn`: the token is right, and kept. */
export function drawSignIn(ask: AskServer, why: string | undefined, onSignedIn: () => void): HTMLElement {
  const input = element('input', { type: 'password', autocomplete: 'off', spellcheck: 'false', required: true });
  const button = element('button', { type: 'submit' }, 'Sign in');
  const wrong = element('div');
  const tell = (text: string): void => fill(wrong, element('div', { class: 'problem', role: 'alert' }, text));
  const signIn = async (): Promise<void> => {
    button.disabled = true;
    fill(wrong);
    keepAdminToken(input.value.trim());
    try {
      await ask('/admin/actions?limit=1');
      onSignedIn();
    } catch (error) {
      keepAdminToken('');
      tell(whyNotSignedIn(error));
      input.select();
    } finally {
      button.disabled = false;
    }
  };
  if (why !== undefined) tell(why);
  return element(
    'form',
    { class: 'panel sign-in', submit: (event) => (event.preventDefault(), void signIn()) },
    element('h2', {}, 'Sign in'),
    element('label', { class: 'field' }, element('span', {}, 'Admin token'), input),
    wrong,
    element('p', { class: 'actions' }, button),
    element(
      'p',
      { class: 'hint' },
      'It is the ADMIN_TOKEN of the server, or your secret in ADMIN_TOKENS. This tab keeps it until it is closed.',
    ),
  );
}

/** Why a token does not open the page, in words. */
export function whyNotSignedIn(error: unknown): string {
  if (!(error instanceof ApiError)) return messageOf(error);
  if (error.status === 401) return 'This is not the token of an operator.';
  if (error.status !== 429) return messageOf(error);
  const seconds = Math.ceil((error.retryAfterMs ?? 60_000) / 1000);
  return `Too many wrong tokens came from this address. Try it again in ${seconds} s.`;
}
