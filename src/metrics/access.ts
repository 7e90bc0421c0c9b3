/** Who may read the metrics of a process. */

/**
 * `operator`: who shows ADMIN_TOKEN. `anyone`: no token is set, outside of production. `nobody`: no
 * token is set in production.
 */
export type MetricsAccess = 'operator' | 'anyone' | 'nobody';

/** Decides it, in both processes alike. */
export function metricsAccessOf({ production, adminToken }: { production: boolean; adminToken?: string | undefined }): MetricsAccess {
  if (adminToken !== undefined) return 'operator';
  return production ? 'nobody' : 'anyone';
}
