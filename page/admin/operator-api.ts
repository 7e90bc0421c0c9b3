/** The server as operators ask it. */
import { answerOf, createWire, request } from '../../client/src/request.ts';
import { adminToken } from './token.ts';

/** A change. */
type Change = { method: 'POST' | 'PUT'; body: object };

/**
 * Asks for JSON as an operator, or sends a change.
 * @throws ApiError with what the server says; `unreachable` where there is no answer
 */
export type AskServer = <Answer>(path: string, change?: Change) => Promise<Answer>;

/** The server, with what it is asked for. */
export type OperatorApi = { ask: AskServer; readText(path: string): Promise<string> };

/** Makes it. Nothing is sent twice: who sees an error decides. */
export function createOperatorApi(): OperatorApi {
  const wire = createWire({ baseUrl: '', token: adminToken });
  return {
    ask: <Answer>(path: string, change?: Change) => request<Answer>(wire, path, optionsOf(change), (answer) => answerOf(answer)),
    readText: (path) => request(wire, path, { retries: 0 }, (answer) => (answer.ok ? answer.text() : answerOf<string>(answer))),
  };
}

function optionsOf(change: Change | undefined) {
  if (!change) return { retries: 0 };
  return { retries: 0, method: change.method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(change.body) };
}

/** A path with a query; parts that are undefined or empty are left out. */
export function withQuery(path: string, parts: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) if (value) query.set(name, value);
  return query.size === 0 ? path : `${path}?${query}`;
}
