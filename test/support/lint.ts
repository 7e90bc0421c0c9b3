/** Lints files that a test makes up, by the project's own rules. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Lints files by their paths and texts. Returns the complaints of a rule as `file:line`. */
export function complaintsOf(files: Record<string, string>, rule: string): Set<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-lint-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const own = ['oxlint.config.ts', 'tsconfig.json', 'package.json', 'test/support/clock-rule.ts'].map((file) => [
    file,
    readFileSync(join(root, file), 'utf8'),
  ]);
  for (const [file, text] of [...own, ...Object.entries(files)] as [string, string][]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const folders = [...new Set(Object.keys(files).map((file) => file.split('/')[0] ?? ''))];
  const { stdout } = spawnSync('oxlint', ['--format=unix', ...folders], { cwd: folder, encoding: 'utf8' });
  const complaints = stdout.split('\n').filter((line) => line.includes(rule));
  return new Set(complaints.map((line) => /^(?:.*lint-[^/]*\/)?([^:]+:\d+)/.exec(line)?.[1] ?? line));
}
