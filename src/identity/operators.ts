/** The people who operate the service, each known by a secret. */
import { isEqual } from './constant-time.ts';

/** One of them: the name that the log of actions tells, and the secret that requests show. */
export type Operator = { name: string; secret: string };

/**
 * The name of the operator whose secret this is; undefined for nobody's. All secrets are compared,
 * so the time tells nothing of whose secret is nearly met.
 */
export function operatorOf(operators: readonly Operator[], shown: string): string | undefined {
  let name: string | undefined;
  for (const operator of operators) if (isEqual(shown, operator.secret)) ({ name } = operator);
  return name;
}
