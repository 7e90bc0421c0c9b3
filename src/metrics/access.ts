/** Who may read the metrics of a process. */

/**
 * `operator`: who shows the token of an operator. `anyone`: no token is set, outside of production.
 * `nobody`: no token is set in production.
 */
export type MetricsAccess = 'operator' | 'anyone' | 'nobody';

/** Decides it, in both processes alike. */
export function metricsAccessOf({ production, operators }: { production: boolean; operators: readonly unknown[] }): MetricsAccess {
  if (operators.length > 0) return 'operator';
  return production ? 'nobody' : 'anyone';
}
