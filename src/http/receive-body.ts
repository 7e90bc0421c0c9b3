/** Receives the body of a request in a route. */
import type { Context } from 'hono';
import { receiveBody } from './body.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { jsonReader } from './json-body.ts';
import type { Receive } from './receive-files.ts';
import type { Held } from './shares.ts';

/** What it needs of the app's parts. */
export type BodyDeps = 'shares' | 'pullBody' | 'stallMs';

/** Makes the function that receives the body of this request. What is received counts as `held`, which is the caller's to release. */
export function receiveFor(c: Context<AppEnv>, { pullBody, stallMs }: Pick<AppDeps, BodyDeps>, held: Held): Receive {
  return (reader, maxBytes) => receiveBody((take, signal) => pullBody(c.env, c.req.raw, take, signal), reader, { maxBytes, held, stallMs });
}

/**
 * Receives a small body of JSON.
 * @throws ProblemError `invalid_json`, and as `receiveBody`
 */
export async function receiveJson(c: Context<AppEnv>, deps: Pick<AppDeps, BodyDeps>, maxBytes: number): Promise<unknown> {
  const held = deps.shares.bodies.hold(c.get('holder'), 0);
  try {
    return await receiveFor(c, deps, held)(jsonReader(), maxBytes);
  } finally {
    held.release();
  }
}
