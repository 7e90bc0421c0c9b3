/** What the files of `deploy/` start, read from each host's format into one form. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createRailwayContext, project, type ProjectDefinition, type ServiceNode } from 'railway/iac';
import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml, parseAllDocuments } from 'yaml';
import railway from '../../deploy/railway/railway.ts';
import type { Role } from '../../src/env/rules.ts';
import { type Instruction, instructionsOf, jsonForm, readDockerfile } from './dockerfile.ts';
import { readUnit } from './systemd-unit.ts';

type Json = Record<string, any>;

/** A process as a host runs it. */
export type Deployed = {
  file: string;
  role: Role;
  command: string[];
  /** The variables that it gets; a secret has no value here. */
  variables: Record<string, string | undefined>;
  /** The port that the host knows; undefined where it knows none. */
  port?: number | undefined;
  /** The paths that the host asks. */
  health: string[];
  /** How long the host waits between SIGTERM and SIGKILL, in s. */
  killAfterS: number;
};

const ROLES: readonly Role[] = ['api', 'worker'];

/** Reads a file of `deploy/`. */
export const readText = (file: string) => readFileSync(join(resolve(import.meta.dirname, '../../deploy'), file), 'utf8');

/** Reads a YAML file of `deploy/`. Anchors and merge keys are resolved. */
export const readYaml = (file: string) => parseYaml(readText(file), { merge: true }) as Json;

/** Reads the objects of a Kubernetes manifest. */
export const readManifest = (file: string) => parseAllDocuments(readText(`kubernetes/${file}`)).map((document) => document.toJS() as Json);

/** The instructions of the Dockerfile for a process. */
export const imageOf = (role: Role) => instructionsOf(readDockerfile(readText('docker/Dockerfile'), { PROCESS: role }), role);

/** The arguments of the last instruction with a keyword. */
export const lastOf = (instructions: readonly Instruction[], keyword: string) =>
  instructions.findLast((one) => one.keyword === keyword)?.text ?? '';

/** What the image of a process brings along: its command and its variables. */
function ofImage(role: Role): Pick<Deployed, 'role' | 'command' | 'variables'> {
  const image = imageOf(role);
  const pairs = image.filter(({ keyword }) => keyword === 'ENV').flatMap(({ text }) => text.split(/\s+/).map((pair) => pair.split('=')));
  return { role, command: jsonForm(lastOf(image, 'CMD')), variables: Object.fromEntries(pairs) as Record<string, string> };
}

function withVariables(role: Role, variables: Record<string, string | undefined>): Pick<Deployed, 'role' | 'command' | 'variables'> {
  const image = ofImage(role);
  return { ...image, variables: { ...image.variables, ...variables } };
}

/** Compose fills in variables of the shell. What is behind `:-` holds where none is set. */
function ofCompose(): Deployed[] {
  const services = Object.values(readYaml('compose.yaml')['services'] as Record<string, Json>);
  return services.flatMap(({ build, environment, stop_grace_period: grace }): Deployed[] => {
    if (!build) return [];
    const role = build['target'] as Role;
    const values = Object.entries(environment as Record<string, string>).map(([name, value]) => [
      name,
      value.replace(/^\$\{\w+:-(.*)\}$/, '$1'),
    ]);
    return [
      { file: 'compose.yaml', ...withVariables(role, Object.fromEntries(values)), health: [], killAfterS: Number.parseInt(`${grace}`, 10) },
    ];
  });
}

function ofRender(): Deployed[] {
  const services = readYaml('render.yaml')['services'] as Json[];
  return services.flatMap((service): Deployed[] => {
    if (service['type'] === 'keyvalue') return [];
    const entries = (service['envVars'] as Json[]).map(({ key, value }) => [key, value]);
    const variables = Object.fromEntries(entries) as Record<string, string | undefined>;
    const health = service['healthCheckPath'] === undefined ? [] : [service['healthCheckPath'] as string];
    // Render sets RENDER, and asks the port that PORT names.
    const role = variables['PROCESS'] as Role;
    const port = role === 'api' ? Number(variables['PORT']) : undefined;
    const of = withVariables(role, { RENDER: 'true', ...variables });
    return [{ file: 'render.yaml', ...of, port, health, killAfterS: service['maxShutdownDelaySeconds'] }];
  });
}

function ofFly(): Deployed[] {
  return ROLES.map((role) => {
    const file = `fly/${role}.toml`;
    const config: Json = parseToml(readText(file));
    const { http_service: http, checks = {} } = config;
    const asked = [...((http?.['checks'] ?? []) as Json[]), ...Object.values(checks as Record<string, Json>)];
    const of = withVariables(config['build']['build-target'] as Role, {
      FLY_APP_NAME: config['app'],
      ...config['env'],
      REDIS_URL: undefined,
    });
    const port = (http?.['internal_port'] ?? asked[0]?.['port']) as number;
    return { file, ...of, port, health: asked.map(({ path }) => path as string), killAfterS: Number.parseInt(config['kill_timeout'], 10) };
  });
}

/** The project that `railway config apply` would make. */
export async function railwayProject(): Promise<ProjectDefinition> {
  return railway(createRailwayContext({ environment: 'production' }), project);
}

async function ofRailway(): Promise<Deployed[]> {
  const { resources = [] } = await railwayProject();
  const services = resources.filter((one): one is ServiceNode => (one as Json)['type'] === 'service');
  return services.map(({ name, deploy = {}, variables = {} }) => {
    const values = Object.entries(variables).map(([key, value]) => [key, (value as Json)['value']]);
    const set = Object.fromEntries(values) as Record<string, string | undefined>;
    const port = Number(set['PORT']);
    const of = withVariables(name as Role, { RAILWAY_SERVICE_ID: 'some', ...set });
    return { file: 'railway/railway.ts', ...of, port, health: [deploy.healthcheckPath ?? ''], killAfterS: deploy.drainingSeconds ?? 0 };
  });
}

function ofSystemd(): Deployed[] {
  return ROLES.map((role) => {
    const file = `systemd/ai-jobs-${role}@.service`;
    const { Service: service = {} } = readUnit(readText(file));
    const instance = role === 'api' ? '3001' : '1';
    const pairs = (service['Environment'] ?? []).flatMap((line) => line.split(' ')).map((pair) => pair.replace('%i', instance).split('='));
    const variables = { REDIS_URL: undefined, ...(Object.fromEntries(pairs) as Record<string, string>) };
    const port = role === 'api' ? Number(instance) : undefined;
    const command = service['ExecStart']?.[0]?.split(' ') ?? [];
    return { file, role, command, variables, port, health: [], killAfterS: Number(service['TimeoutStopSec']?.[0]) };
  });
}

function ofKubernetes(): Deployed[] {
  return ROLES.map((role) => {
    const file = `kubernetes/${role}.yaml`;
    const deployment = readManifest(`${role}.yaml`).find(({ kind }) => kind === 'Deployment');
    const pod = deployment?.['spec']['template']['spec'] as Json;
    const container = pod['containers'][0] as Json;
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].flatMap((probe) =>
      container[probe]?.['httpGet'] ? [container[probe]['httpGet']['path'] as string] : [],
    );
    const entries = (container['env'] as Json[]).map(({ name, value }) => [name, value]);
    const of = withVariables(role, { KUBERNETES_SERVICE_HOST: '10.0.0.1', REDIS_URL: undefined, ...Object.fromEntries(entries) });
    return { file, ...of, port: container['ports'][0]['containerPort'], health: probes, killAfterS: pod['terminationGracePeriodSeconds'] };
  });
}

/** All processes that the files of `deploy/` start. */
export async function readDeployed(): Promise<Deployed[]> {
  return [...ofCompose(), ...ofRender(), ...ofFly(), ...(await ofRailway()), ...ofSystemd(), ...ofKubernetes()];
}
