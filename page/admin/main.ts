/** The page of operators. It is without data until somebody has signed in. */
import { fill, find } from '../dom.ts';
import { Console } from './console.ts';
import { createOperatorApi } from './operator-api.ts';
import { drawSignIn, whyNotSignedIn } from './sign-in.ts';
import { adminToken, keepAdminToken } from './token.ts';

const api = createOperatorApi();
const parts = { main: find('#view'), views: find('#views'), connection: find('#connection') };
let current: Console | undefined;

function open(): void {
  current = new Console(api, parts, (error) => {
    keepAdminToken('');
    current?.leave();
    signIn(error === undefined ? undefined : whyNotSignedIn(error));
  });
}

function signIn(why: string | undefined): void {
  fill(parts.main, drawSignIn(api.ask, why, open));
  parts.main.querySelector('input')?.focus();
}

find('.skip').addEventListener('click', (event) => {
  event.preventDefault(); // the address is that of the view
  parts.main.focus();
});
if (adminToken() === '') signIn(undefined);
else open();
