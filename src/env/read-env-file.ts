/** Reads the environment file of a process. It loads little, because `npm start` waits for it. */
import { readFileSync } from 'node:fs';
import { fillFrom, parseEnvFile } from './env-file.ts';

/**
 * Reads an environment file, where one is named and there, into the variables that are not set.
 * Returns its path, to be logged, or undefined where there is none. Where it can't be used, prints
 * why and ends.
 */
export function readEnvFile(path: string | undefined, variables: NodeJS.ProcessEnv): string | undefined {
  const text = path === undefined ? undefined : readIfThere(path);
  if (path === undefined || text === undefined) return undefined;
  const file = parseEnvFile(text);
  if ('mistakes' in file) endWith(`${path} can't be read:\n${file.mistakes.map((line) => `  ${line}`).join('\n')}`);
  fillFrom(file.values, variables);
  return path;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return code === 'ENOENT' ? undefined : endWith(`${path} can't be read: ${code}`);
  }
}

/** Says what is wrong with how the process was called, and ends it. */
export function endWith(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
