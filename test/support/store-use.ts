/** What the tests have used of a store: our scripts, and commands. A store that is used less than another one is not tested by them. */
import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { Redis } from 'ioredis';
import type { TestProject } from 'vitest/node';
import { loadScript } from '../../src/store/script.ts';

const ROOT = new URL('../../', import.meta.url);

/** What is no sign that a store is used, with the reason. */
const BESIDE: Record<string, string> = {
  'client|setinfo': 'ioredis introduces itself; Redis 7.0 does not know it',
  'config|get': 'the embedded store asks itself when it starts',
  dump: 'tests look for a text in all values',
  quit: 'Redis 7.0 does not count it',
};

/**
 * Checks, after a run of the whole suite, that this store has run every script, and was sent every command, that the first one was.
 * @throws Error that names what is missing: a file that uses it belongs to the list in vitest.config.ts
 */
export async function checkStoreUse(project: TestProject): Promise<void> {
  const first = project.vitest.projects[0];
  if (!first || first === project || !(await ranWhole(first)) || !(await ranWhole(project))) return;
  const [used, usedHere] = await Promise.all([useOf(first), useOf(project)]);
  const missing = [...used].filter((name) => !usedHere.has(name) && !Object.hasOwn(BESIDE, name)).toSorted();
  if (missing.length === 0) return;
  throw new Error(`no test on the ${project.name} store uses ${missing.join(', ')}: put one that does on the list in vitest.config.ts`);
}

/** Whether all tests of a project have run, and not only some that were named. */
async function ranWhole(project: TestProject): Promise<boolean> {
  if (project.config.testNamePattern !== undefined) return false;
  const { testFiles } = await project.globTestFiles();
  return testFiles.length === project.vitest.state.getFiles().filter(({ projectName }) => projectName === project.name).length;
}

/**
 * Our scripts that a store has run, and the commands that it has carried out. A command that one of our scripts calls is not told: whether
 * it is called may depend on what happens at the same moment.
 */
async function useOf(project: TestProject): Promise<Set<string>> {
  const redis = new Redis(project.getProvidedContext().redisUrl);
  try {
    const commands = [...(await redis.info('commandstats')).matchAll(/^cmdstat_([^:]+):/gm)].map(([, name]) => String(name));
    const scripts = globSync('{src,worker}/**/scripts/*.lua', { cwd: ROOT }).map((file) => ({
      name: basename(file),
      lua: loadScript(new URL(file, ROOT)).lua,
    }));
    const hashes = scripts.map(({ lua }) => createHash('sha1').update(lua).digest('hex'));
    const known = (await redis.script('EXISTS', ...hashes)) as number[];
    const called = new Set(scripts.flatMap(({ lua }) => [...lua.matchAll(/call\('(\w+)'/g)].map(([, name]) => name?.toLowerCase())));
    return new Set([
      ...commands.filter((name) => !called.has(name)),
      ...scripts.filter((_, index) => known[index] === 1).map(({ name }) => name),
    ]);
  } finally {
    redis.disconnect();
  }
}
