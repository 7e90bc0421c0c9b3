/** What a worker says of itself: to the registry, in its log and to the person at the terminal. */
import type { Config } from '../src/config.ts';
import type { Billing } from '../src/job/estimate.ts';
import { nearEnds } from '../src/job/model-end.ts';
import { KNOWN } from '../src/jobs/process-registry.ts';
import type { WorkerDescription } from '../src/jobs/worker-registry.ts';
import type { Assignment } from './assignments.ts';
import type { FindPrice } from './prices.ts';

/** The entry of the registry: who does which kind, for what price, and how many jobs may begin. */
export function describeWorker(
  { name, rate }: Pick<Config['worker'], 'name' | 'rate'>,
  version: string,
  assignments: Map<string, Assignment>,
  findPrice: FindPrice,
): Omit<WorkerDescription, 'concurrency' | 'lanes'> {
  const priced = (support: Assignment['support']) => {
    if (!support.available) return support;
    const { provider, models } = support;
    const each = models?.map(({ model }) => ({ model, price: findPrice({ provider, model }) }));
    return { ...support, price: findPrice(support), ...(each && { models: each }) };
  };
  const kinds = Object.fromEntries([...assignments].map(([kind, { support }]) => [kind, priced(support)]));
  return { name, version, rate, kinds, knows: KNOWN };
}

/** Whether what users may spend in a day is bounded in dollars, for all of them or by a plan. */
export function hasMoneyBudget({ bounds, plans = {} }: Pick<Config, 'bounds' | 'plans'>): boolean {
  return bounds.dailyUsdPerUser !== undefined || Object.values(plans).some(({ dailyUsd }) => dailyUsd !== undefined);
}

/**
 * What the person who runs the worker should know of its models: those that end soon,
 * and those whose price is not known. `budgeted`: whether users have budgets in dollars.
 */
export function modelWarnings(kinds: WorkerDescription['kinds'], budgeted: boolean, now: number): string[] {
  const supports = Object.values(kinds).flatMap((support) => (support.available ? [support] : []));
  const ends = nearEnds(
    supports.flatMap((support) => support.ends ?? []),
    now,
  );
  const today = new Date(now).toISOString().slice(0, 10);
  type Asked = { provider: string; model?: string | undefined } & Billing;
  const asked = supports.flatMap(({ provider, model, price, bills, models }): Asked[] => {
    return models?.map((each) => ({ provider, ...each })) ?? [{ provider, model, price, bills }];
  });
  const unpriced = asked.filter(({ price, bills }) => price === undefined && bills?.length !== 0);
  return [
    ...ends.map(({ model, date }) =>
      date < today
        ? `the model ${model} has ended on ${date}, as its vendor announced: set another one`
        : `the model ${model} ends on ${date}, as its vendor has announced: set another one before that day`,
    ),
    ...unpriced.map(
      ({ provider, model }) =>
        `no price of ${model === undefined ? provider : `${provider}/${model}`} is known: its dollars are not counted${budgeted ? ', and no budget in dollars bounds it' : ''}; PRICES may name it`,
    ),
  ];
}

/** The kinds for the log: what is taken of an input may be a list of a hundred voices. */
export function withoutLists(kinds: WorkerDescription['kinds']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, support]) => [kind, 'accepts' in support ? { ...support, accepts: undefined } : support]),
  );
}

/** The provider of the first kind that can be done, for /health and for what `npm start` prints. */
export function mainProvider(assignments: Map<string, Assignment>): string {
  const [first] = [...assignments.values()].flatMap(({ support }) => (support.available ? [support.provider] : []));
  return first ?? 'none';
}

/** Who does a kind, for the person at the terminal. `served`: whether this worker is for it. */
export function supportInWords(support: Assignment['support'], served: boolean): string {
  if (!support.available) return `off (set ${support.missing.join(', ')})`;
  if (!served) return 'not by this worker (WORKER_KINDS)';
  return support.needs ? `${support.provider} (needs ${support.needs.join(', ')})` : support.provider;
}
