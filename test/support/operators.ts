/** Two operators with names, and what they ask and have done. */
import type { Serving, Stack } from './stack.ts';

/** The variable that makes them operators. */
export const OPERATORS = { ADMIN_TOKENS: 'ana:secret-of-ana-sixteen,bob:secret-of-bob-sixteen' };

/** Their secrets. */
export const ANA = 'secret-of-ana-sixteen';
export const BOB = 'secret-of-bob-sixteen';

/** Sends a change, or asks where there is no body, as an operator. */
export async function operate(url: string, route: string, body?: object, token = ANA) {
  const [method = '', path = ''] = route.split(' ');
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: answer.status, body: (await answer.json()) as Record<string, any> };
}

/** What operators did, the oldest first. */
export async function actionsOf({ get }: Pick<Stack<Serving>, 'get'>) {
  const { actions } = await get('/admin/actions', { authorization: `Bearer ${ANA}` });
  return (actions as Record<string, string>[]).toReversed().map(({ by, what, scope, result }) => `${by}: ${what} ${scope}: ${result}`);
}
