/** Rests before refusals: who goes on asking while refused is answered later, since thousands of refusals a second take what others need. */
import type { Tenant } from '../job/tenant.ts';
import { createLocalLimit } from '../jobs/rate-limit.ts';

/** How many refusals in a second a holder gets at once. An honest client waits as long as the first one says. */
const AT_ONCE = { name: 'refusals', max: 20, windowS: 1 };

/** How long further ones rest, in ms, and how many may rest at the same time; those past that are answered at once. */
const REST_MS = 1000;
const MAX_RESTING = 8000;

/** Makes the function. It resolves when the next refusal of a holder is due; undefined: at once. */
export function createRefusalRests(): (holder: Tenant) => Promise<void> | undefined {
  const limit = createLocalLimit(AT_ONCE);
  let resting = 0;
  return (holder) => {
    if (limit.consume(holder).allowed || resting >= MAX_RESTING) return undefined;
    resting++;
    return new Promise((resolve) => {
      setTimeout(() => {
        resting--;
        resolve();
      }, REST_MS);
    });
  };
}
