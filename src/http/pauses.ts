/** Presents what operators have paused. Who has paused it only the log of actions tells. */
import { showPause } from '../job/paused-by.ts';
import type { OperatorPause } from '../jobs/operator-pauses.ts';

/** The pauses as statistics and readiness show them. */
export function presentPauses(pauses: readonly OperatorPause[]) {
  return pauses.map((pause) => ({ scope: pause.scope, ...(pause.scope !== 'all' && { name: pause.name }), ...showPause(pause) }));
}
