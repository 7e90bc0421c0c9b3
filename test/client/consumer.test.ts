/** Tests the package as an app gets it: installed alone, outside of this repository, without zod and without our sources. */
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packClient, TSC } from '../support/client-package.ts';
import { startStack } from '../support/stack-in-process.ts';

/** An app in a folder of its own, with the package as `npm pack` packs it. */
function createApp(): { folder: string; compile(program: string): { ok: boolean; output: string } } {
  const { app } = packClient();
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    lib: ['es2022', 'dom', 'dom.asynciterable'],
    types: [],
    strict: true,
    rootDir: '.',
    outDir: 'out',
  };
  writeFileSync(join(app, 'package.json'), '{"type":"module"}');
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['app.ts'] }));
  return {
    folder: app,
    compile(program) {
      writeFileSync(join(app, 'app.ts'), program);
      const { status, stdout } = spawnSync(process.execPath, [TSC, '--singleThreaded', '-p', app], { encoding: 'utf8' });
      return { ok: status === 0, output: stdout };
    },
  };
}

const program = (url: string) => `
import { createClient, JobError } from 'ai-jobs-client';
const ai = createClient({ baseUrl: '${url}', headers: { 'user-id': 'ana' } });
const job = await ai.flashcards({ content: 'Hund: dog', count: 2 });
const fronts: string[] = [];
for await (const item of job.items()) fronts.push(item.value.front);
const { flashcards } = await ai.resume<'flashcards'>(job.id).result();
const failure = await ai.resume('generate-flashcards-' + 'x'.repeat(32)).result().catch((error: unknown) => error);
console.log(JSON.stringify({ fronts, backs: flashcards.map(({ back }) => back), code: failure instanceof JobError && failure.code }));
`;

test('a right program compiles and runs; a wrong input and a misspelt field of a result do not compile', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const { folder, compile } = createApp();
  expect(compile(program(stack.url))).toEqual({ ok: true, output: '' });
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'out/app.js')]); // the server is in this process
  expect(JSON.parse(stdout)).toEqual({ fronts: ['Hund'], backs: ['dog'], code: 'job_not_found' });

  const wrongInput = compile(program(stack.url).replace('count: 2', "count: 'two'"));
  expect([wrongInput.ok, wrongInput.output]).toEqual([false, expect.stringContaining("Type 'string' is not assignable to type 'number'")]);
  const misspelt = compile(program(stack.url).replace('({ back }) => back', '({ bakc }) => bakc'));
  expect([misspelt.ok, misspelt.output]).toEqual([false, expect.stringContaining('bakc')]);
  const image = "\nawait ai.image({ image: 'AAAA', then: 'flashcards', thenInput: { count: 2 } });";
  expect(compile(program(stack.url) + image)).toEqual({ ok: true, output: '' });
  for (const wrong of [
    image.replace('count', 'cuont'),
    image.replace("then: 'flashcards', ", ''),
    image.replace("'flashcards'", "'lesson'"),
  ])
    expect([wrong, compile(program(stack.url) + wrong).ok]).toEqual([wrong, false]); // a lesson has no count
  const unknownKind = compile(program(stack.url).replace('ai.flashcards(', 'ai.flashcard('));
  expect(unknownKind.ok).toBe(false);
});
