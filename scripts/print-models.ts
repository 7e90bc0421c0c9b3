/**
 * Prints models of jobs and events for Swift, Kotlin and Dart from the schemas of the OpenAPI
 * document: `npm run models`. It runs quicktype from a folder that is removed again.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kinds } from '../src/kinds/index.ts';
import type { JsonSchema } from '../src/kinds/public-schema.ts';
import { createDocument } from '../src/openapi/document.ts';
import { headOf } from '../src/openapi/kind-schemas.ts';

const QUICKTYPE = 'quicktype@26.0.0';

/** The languages, each with its file and what quicktype is told. */
const LANGUAGES = [
  { file: 'AiJobs.swift', options: ['--lang', 'swift', '--access-level', 'public', '--no-initializers'] },
  { file: 'AiJobs.kt', options: ['--lang', 'kotlin', '--framework', 'kotlinx', '--package', 'aijobs'] },
  { file: 'ai_jobs.dart', options: ['--lang', 'dart'] },
];

const models = new URL('../conformance/models/', import.meta.url).pathname;

/** The schemas of what an app sends and gets, and all that these refer to, without what only words say. */
export function schemasOfModels(): Record<string, JsonSchema> {
  const text = JSON.stringify((createDocument(kinds)['components'] as JsonSchema)['schemas']);
  const all = JSON.parse(text.replaceAll('#/components/schemas/', '#/definitions/')) as Record<string, JsonSchema>;
  const wanted = ['Job', 'JobEvent', 'Problem', ...kinds.flatMap((kind) => [`${headOf(kind)}Input`, `${headOf(kind)}Result`])];
  const found = new Set(wanted);
  for (const name of found) {
    for (const [, other = ''] of JSON.stringify(all[name]).matchAll(/"#\/definitions\/(\w+)"/g)) found.add(other);
  }
  return Object.fromEntries([...found].toSorted().map((name) => [name, all[name] ?? {}]));
}

if (import.meta.main) {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-models-'));
  const head = `Models of the HTTP contract, printed by \`npm run models\`; do not change them here. They are not compiled here.`;
  try {
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, 'schema.json'), JSON.stringify({ definitions: schemasOfModels() }));
    mkdirSync(models, { recursive: true });
    for (const { file, options } of LANGUAGES) {
      const args = ['--yes', QUICKTYPE, '--src-lang', 'schema', '--src', 'schema.json#/definitions/', '--out', file, ...options];
      const { status, stderr } = spawnSync('npx', args, {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
        shell: process.platform === 'win32',
      });
      if (status !== 0) throw new Error(`quicktype did not print ${file}: ${stderr}`);
      writeFileSync(join(models, file), `// ${head}\n${readFileSync(join(folder, file), 'utf8').trimStart()}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
