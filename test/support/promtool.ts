/** Prometheus' own checks, of Debian's package `prometheus`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether this machine has them. */
export const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** Checks the text of a scrape. Returns what is wrong with it; '' for nothing. */
export function checkScrape(text: string): string {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}${stderr}` || `promtool ended with ${status}`;
}

/** Runs a command of promtool on the last of these files; the others are beside it. Returns what is wrong; '' for nothing. */
export function runPromtool(command: readonly string[], files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-promtool-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const last = Object.keys(files).at(-1) ?? '';
    const { status, stdout, stderr } = spawnSync('promtool', [...command, last], { cwd: folder, encoding: 'utf8' });
    return status === 0 ? '' : `${stdout}${stderr}` || `promtool ended with ${status}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
