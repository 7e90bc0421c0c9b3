/** What the routes of operators share: the check, and what is noted of who has asked for a change. */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { Action } from '../jobs/action-log.ts';
import type { AppDeps } from './app-deps.ts';
import type { AppEnv } from './context.ts';

/** Makes the entry of the action log for a request that has passed the check of operators. */
export function actionOf(c: Context<AppEnv>, what: string, scope: string, reason?: string): Action {
  return { by: c.get('operator') ?? 'operator', what, scope, reason, requestId: c.get('requestId') };
}

/** Makes the middleware that lets only operators pass; before it nothing of a request is read. */
export function onlyOperators({ checkOperator }: Pick<AppDeps, 'checkOperator'>) {
  return createMiddleware<AppEnv>((c, next) => (checkOperator(c), next()));
}
