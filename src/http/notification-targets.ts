/** The fields of a submission that ask for a webhook or a push at the end of the job. */
import { z } from 'zod';
import { ProblemError } from '../job/problem.ts';
import type { Targets } from '../job/record.ts';
import { unauthorized } from './problems.ts';
import type { AppDeps } from './app-deps.ts';

/** The longest URL that is called back, in characters. */
export const MAX_URL = 2048;

/** A push token as Expo makes them: one of its own, or the id of one. */
export const PUSH_TOKEN = /^(Expo(nent)?PushToken\[[\w\-:]{1,200}\]|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** Makes the fields, as zod schemas. `faultOf`: see Notifications. */
export function targetFields({ faultOf }: Pick<AppDeps['notifications'], 'faultOf'>) {
  const callbackUrl = z
    .string()
    .max(MAX_URL)
    .superRefine((url, context) => {
      const fault = faultOf(url);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    });
  const pushToken = z.string().regex(PUSH_TOKEN, 'must be an Expo push token, such as ExponentPushToken[…]');
  return { callbackUrl: callbackUrl.optional(), pushToken: pushToken.optional() };
}

/**
 * Checks that the webhook and the push of a submission can be sent. Returns them; undefined if
 * there are none.
 * @throws ProblemError `unauthorized` for a callback that would be nobody's,
 * `provider_not_configured` where webhooks are off
 */
export function checkTargets(
  { callbackUrl, pushToken }: Targets,
  owner: string | undefined,
  { notifications, identity }: Pick<AppDeps, 'notifications' | 'identity'>,
): Targets | undefined {
  if (callbackUrl === undefined && pushToken === undefined) return undefined;
  if (callbackUrl !== undefined && owner === undefined) {
    throw unauthorized({ advice: `A webhook is signed with a secret of its user's, and this request names none. ${identity.advice}` });
  }
  if (callbackUrl !== undefined && !notifications.secrets) throw webhooksOff();
  return { callbackUrl, pushToken };
}

/** The error where webhooks are off. */
export function webhooksOff(): ProblemError {
  return new ProblemError('provider_not_configured', 'Webhooks are off on this server. It needs WEBHOOK_SECRET, on every API process.');
}
