/** Tests that apps find each export of the package with its types, also with resolvers from before `exports`. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { packClient, ROOT, TSC } from '../support/client-package.ts';

const ENTRIES = { 'ai-jobs-client': 'index', 'ai-jobs-client/react': 'react', 'ai-jobs-client/testing': 'testing' };

/** TypeScript 5, the last that resolves as it did before `exports`: attw brings it. */
const OLD_TSC = createRequire(createRequire(import.meta.url).resolve('@arethetypeswrong/core')).resolve('typescript/lib/tsc.js');

const RESOLVERS = [
  { name: 'node10', compiler: OLD_TSC, module: 'esnext', moduleResolution: 'node10' },
  { name: 'node16', compiler: TSC, module: 'node16', moduleResolution: 'node16' },
  { name: 'bundler', compiler: TSC, module: 'esnext', moduleResolution: 'bundler' },
] as const;

test('each export of each entry is found, with its types, by node10, node16 and bundler', async () => {
  const { app, installed } = packClient();
  mkdirSync(join(app, 'node_modules/@types'), { recursive: true });
  for (const name of ['react', 'csstype', '@types/react']) symlinkSync(join(ROOT, 'node_modules', name), join(app, 'node_modules', name));
  const imports = Object.entries(ENTRIES).map(async ([entry, file], n) => {
    const names = Object.keys((await import(pathToFileURL(join(installed, `dist/${file}.js`)).href)) as object);
    expect([entry, names.length > 0]).toEqual([entry, true]);
    return `import { ${names.map((name) => `${name} as ${name}${n}`).join(', ')} } from '${entry}';
      export const all${n} = { ${names.map((name) => `${name}${n}`).join(', ')} };`;
  });
  const program = (await Promise.all(imports)).join('\n');
  writeFileSync(join(app, 'package.json'), '{"type":"module"}');
  // The types are there: `any` would take this number. And an entry that is not there is told.
  const wrong = "import { createClient } from 'ai-jobs-client';\ncreateClient({ baseUrl: 1 });\nexport * from 'ai-jobs-client/nothing';";
  writeFileSync(join(app, 'right.ts'), program);
  writeFileSync(join(app, 'wrong.ts'), wrong);
  for (const { name, compiler, module, moduleResolution } of RESOLVERS) {
    const options = { target: 'es2022', lib: ['es2022', 'dom', 'dom.asynciterable'], types: [], strict: true, noEmit: true };
    const compilerOptions = { ...options, module, moduleResolution };
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['right.ts', 'wrong.ts'] }));
    const { stdout } = spawnSync(process.execPath, [compiler], { cwd: app, encoding: 'utf8' });
    const files = stdout.split('\n').flatMap((line) => /^[^ (]+/.exec(line) ?? []);
    expect([name, files]).toEqual([name, ['wrong.ts', 'wrong.ts']]);
    expect([name, stdout]).toEqual([name, expect.stringContaining("Type 'number' is not assignable to type 'string'")]);
    expect([name, stdout]).toEqual([name, expect.stringContaining('ai-jobs-client/nothing')]);
  }
});
