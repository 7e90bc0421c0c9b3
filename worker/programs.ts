/** Finds programs of the system, such as ffmpeg, and asks them what they can do. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Finds a program by its name in the folders of PATH. Returns
 * its path; undefined if it is not installed.
 */
export type FindProgram = (name: string) => string | undefined;

/** Makes the function that finds programs. `path`: the folders, as the variable PATH has them. */
export function createFindProgram(path: string): FindProgram {
  const suffixes = process.platform === 'win32' ? ['.exe'] : [''];
  return (name) =>
    path
      .split(delimiter)
      .filter((folder) => folder !== '')
      .flatMap((folder) => suffixes.map((suffix) => join(folder, name + suffix)))
      .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** How long a program may take to say something about itself, in ms. */
const WORD_MS = 5000;

/** Runs a program at the start of the process and returns what it says; empty if it fails. */
export function askProgram(program: string, args: readonly string[]): string {
  const { status, stdout } = spawnSync(program, args, { env: {}, encoding: 'utf8', timeout: WORD_MS, stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? stdout : '';
}
