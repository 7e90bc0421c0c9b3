/** How long hosts wait between telling a process to stop and killing it. */

/** The variables of an environment. */
type Variables = Readonly<Record<string, string | undefined>>;

/**
 * A host, known by variables that it sets in each process.
 * `graceMs`: for how long jobs may run on there.
 */
type Host = { signs: readonly string[]; graceMs: (variables: Variables) => number };

/**
 * The hosts, by their documents. What a host waits is a second or more longer than what stands here:
 * the jobs that have not ended by then are handed back in it. Knative and Cloud Run are told apart
 * from the Kubernetes below them by coming first.
 */
const HOSTS: readonly Host[] = [
  { signs: ['RAILWAY_SERVICE_ID', 'RAILWAY_ENVIRONMENT'], graceMs: graceOnRailway },
  { signs: ['FLY_APP_NAME', 'FLY_MACHINE_ID'], graceMs: () => 4000 },
  { signs: ['K_SERVICE', 'CLOUD_RUN_JOB', 'CLOUD_RUN_WORKER_POOL'], graceMs: () => 9000 },
  { signs: ['RENDER'], graceMs: () => 25_000 },
  { signs: ['DYNO'], graceMs: () => 25_000 },
  { signs: ['KUBERNETES_SERVICE_HOST'], graceMs: () => 25_000 },
];

/**
 * How long the host of a process lets jobs run on once it
 * stops, in ms; undefined where no host is known.
 */
export function hostGraceMs(variables: Variables): number | undefined {
  return HOSTS.find(({ signs }) => signs.some((sign) => variables[sign]))?.graceMs(variables);
}

/** Railway kills at once or after up to 3 s, unless the service has a draining time. */
function graceOnRailway({ RAILWAY_DEPLOYMENT_DRAINING_SECONDS: seconds }: Variables): number {
  const drainingMs = 1000 * Number(seconds ?? Number.NaN);
  return drainingMs > 0 ? Math.max(drainingMs - 1000, drainingMs / 2) : 2000;
}
