/** The operator's token: in this tab alone, never in an address or a cookie. */

const KEY = 'ai-jobs:admin-token';

/** The token; '' for none. */
export function adminToken(): string {
  return sessionStorage.getItem(KEY) ?? '';
}

/** Keeps a token for this tab. '' forgets it. */
export function keepAdminToken(token: string): void {
  if (token === '') sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
}
