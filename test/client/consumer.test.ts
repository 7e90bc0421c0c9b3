/** Tests the package as an app gets it: installed alone, outside of this repository, without zod and without our sources. */
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packClient, TSC } from '../support/client-package.ts';
import { startStack } from '../support/stack-in-process.ts';

/** Compiles programs in an app of their own, with the package as `npm pack` packs it. Resolves with the errors of each. */
function compileAll(programs: Record<string, string>): { folder: string; errors: Record<string, string[]> } {
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
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  for (const [name, program] of Object.entries(programs)) writeFileSync(join(app, `${name}.ts`), program);
  const { stdout } = spawnSync(process.execPath, [TSC, '--singleThreaded'], { cwd: app, encoding: 'utf8' });
  const lines = stdout.split('\n').filter((line) => /error TS\d+/.test(line));
  const errorsOf = (name: string) => lines.filter((line) => line.startsWith(`${name}.ts`));
  return { folder: app, errors: Object.fromEntries(Object.keys(programs).map((name) => [name, errorsOf(name)])) };
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
  const right = program(stack.url);
  const image = "\nawait ai.image({ image: 'AAAA', then: 'flashcards', thenInput: { count: 2 } });";
  const { folder, errors } = compileAll({
    right,
    image: right + image,
    wrongInput: right.replace('count: 2', "count: 'two'"),
    misspelt: right.replace('({ back }) => back', '({ bakc }) => bakc'),
    unknownKind: right.replace('ai.flashcards(', 'ai.flashcard('),
    misspeltThen: right + image.replace('count', 'cuont'),
    noThen: right + image.replace("then: 'flashcards', ", ''),
    otherThen: right + image.replace("'flashcards'", "'lesson'"), // a lesson has no count
  });
  expect(errors).toEqual({
    right: [],
    image: [],
    wrongInput: [expect.stringContaining("Type 'string' is not assignable to type 'number'")],
    misspelt: [expect.stringContaining('bakc')],
    unknownKind: expect.arrayContaining([expect.stringContaining('flashcard')]),
    misspeltThen: [expect.stringContaining('cuont')],
    noThen: [expect.stringContaining('error')],
    otherThen: [expect.stringContaining('error')],
  });
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'out/right.js')]); // the server is in this process
  expect(JSON.parse(stdout)).toEqual({ fronts: ['Hund'], backs: ['dog'], code: 'job_not_found' });
});
