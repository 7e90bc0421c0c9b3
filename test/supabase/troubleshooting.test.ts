/** The paragraphs on the archive in the chapter on trouble: their commands print what it says, and what it says to do helps. */
import { expect, test } from 'vitest';
import { archived, OPERATOR, run, send, start } from '../support/archive.ts';
import { expectAsWritten, variables } from '../support/chapter.ts';

const ADMIN_TOKEN = OPERATOR.authorization.split(' ')[1] ?? '';

test('the project is away for three jobs', async () => {
  const setup = await start();
  await setup.project.stop();
  for (let n = 0; n < 3; n++) await run(setup);
  const env = { ...variables(setup.stack, {}), ADMIN_TOKEN };
  await expectAsWritten('archive-lags', env, { files: { 'api.log': () => setup.stack.api.output() } });
  await setup.project.start();
  await archived(setup, 3);
});

test('a constraint refuses a row, until it is removed', async () => {
  const setup = await start();
  await setup.project.sql("alter table public.jobs add constraint ours check (kind <> 'generate-flashcards')");
  await run(setup);
  await expectAsWritten('archive-refuses', { ...variables(setup.stack, {}), ADMIN_TOKEN });
  await setup.project.sql('alter table public.jobs drop constraint ours');
  expect((await send(setup, 'POST', '/admin/archive/retry', OPERATOR)).status).toBe(200);
  await archived(setup, 1);
});
