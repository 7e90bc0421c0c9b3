/** Who is told of the end of a Response: the URL that its metadata names, and its user's endpoints. */
import type { Targets } from '../job/record.ts';
import type { AppDeps } from './app-deps.ts';
import { MAX_URL } from './notification-targets.ts';
import { RequestFault } from './openai-error.ts';
import type { ResponseEcho } from './response-request.ts';

/**
 * The URL in the metadata of a request; undefined if there is none.
 * @throws RequestFault for one that is never called back
 */
export function callbackUrlOf({ metadata }: ResponseEcho, notifications: Pick<AppDeps['notifications'], 'faultOf'>): string | undefined {
  const url = metadata?.['callback_url'];
  return url === undefined ? undefined : checkedUrl(url, 'metadata.callback_url', notifications);
}

/**
 * A URL that may be called back.
 * @throws RequestFault for any other. `param`: the field that it is in
 */
export function checkedUrl(url: string, param: string, { faultOf }: Pick<AppDeps['notifications'], 'faultOf'>): string {
  const fault = url.length > MAX_URL ? `must have at most ${MAX_URL} characters` : faultOf(url);
  if (fault !== undefined) throw new RequestFault('invalid_value', param, `'${param}' ${fault}.`);
  return url;
}

/**
 * Where the end of a Response is told: OpenAI tells endpoints of those in the background only.
 * `checked`: the targets of its submission.
 */
export async function responseTargets(
  checked: Targets | undefined,
  owner: string | undefined,
  { echo, notifications: { endpoints } }: { echo: ResponseEcho; notifications: Pick<AppDeps['notifications'], 'endpoints'> },
): Promise<Targets | undefined> {
  const hasEndpoints = echo.background === true && owner !== undefined && (await endpoints?.any(owner)) === true;
  if (hasEndpoints) return { ...checked, response: 'endpoints' };
  return checked && { ...checked, response: 'url' };
}
