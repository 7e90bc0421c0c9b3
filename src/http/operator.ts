/** What the routes of operators share: the check, and what is noted of who has asked for a change. */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { z } from 'zod';
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

/** Why an operator does something, as users may be told it. */
export const reason = z.string().trim().min(1).max(300).optional();

/** A moment in a body (RFC 3339), in ms since the epoch. */
export const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .optional();
