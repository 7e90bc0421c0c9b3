/** Whatever a file of `deploy/` says of a process is what the code says: command, variables, port, health, grace. */
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { schema } from '../../src/env/schema.ts';
import { NAMING } from '../../src/env/vendors.ts';
import { vendors } from '../../worker/vendors/index.ts';
import { type Deployed, readDeployed } from '../support/deployed.ts';

const deployed = await readDeployed();

/** The variables that the application reads. */
const KNOWN = new Set([...Object.keys(schema.shape), ...NAMING, ...vendors.flatMap((vendor) => Object.keys(vendor.variables))]);

/** What others read: Node, the Dockerfile's build, and the hosts, whose signs `host-grace.ts` knows. */
const OF_OTHERS = new Set([
  'NODE_COMPILE_CACHE',
  'PROCESS',
  'RAILWAY_DEPLOYMENT_DRAINING_SECONDS',
  'RAILWAY_SERVICE_ID',
  'RENDER',
  'FLY_APP_NAME',
  'KUBERNETES_SERVICE_HOST',
]);

/** Values for what a file leaves to the dashboard, the shell or a secret. */
const SECRETS = { REDIS_URL: 'redis://redis:6379', SUPABASE_URL: 'https://abc.supabase.co', OPENAI_API_KEY: 'a-key' };

const configOf = ({ role, variables }: Deployed) => {
  const set = Object.entries(variables).filter(([, value]) => value !== undefined && value !== '');
  return loadConfig({ ...SECRETS, ...Object.fromEntries(set) }, role, role === 'worker' ? vendors : []);
};

test('every host has both processes', () => {
  const files = [...new Set(deployed.map(({ file, role }) => `${file.replace(/\/.*/, '')} ${role}`))];
  const hosts = ['compose.yaml', 'render.yaml', 'fly', 'railway', 'systemd', 'kubernetes'];
  expect(files.toSorted()).toEqual(hosts.flatMap((host) => [`${host} api`, `${host} worker`]).toSorted());
});

test.each(deployed)('$file starts the $role as npm run start:$role does, without npm', ({ command, role }) => {
  expect(command).toEqual(['node', 'scripts/run.ts', role]);
});

test.each(deployed)('$file gives the $role no variable that nobody reads', ({ variables }) => {
  expect(Object.keys(variables).filter((name) => !KNOWN.has(name) && !OF_OTHERS.has(name))).toEqual([]);
});

test.each(deployed)('$file starts the $role in production, with variables that it takes', (one) => {
  expect(configOf(one)).toMatchObject({ production: true, mayEvict: false });
});

test.each(deployed)('$file knows the port of the $role, and asks a path that it has', (one) => {
  const config = configOf(one);
  const port = one.role === 'api' ? config.port : config.workerHealthPorts[0];
  expect(one.port ?? port).toBe(port);
  expect(one.health.filter((path) => !['/health', '/ready'].includes(path))).toEqual([]);
});

test.each(deployed)('$file kills the $role only after its grace, which is longer than its drain', (one) => {
  const { graceMs, drainMs } = configOf(one).stop;
  // An API takes 10 s at most; a worker hands its jobs back after its grace.
  const needsMs = one.role === 'api' ? Math.min(graceMs + 500, 10_000) : graceMs;
  expect(one.killAfterS * 1000).toBeGreaterThanOrEqual(needsMs + 1000);
  if (one.role === 'api') expect(drainMs).toBeGreaterThan(0);
});
