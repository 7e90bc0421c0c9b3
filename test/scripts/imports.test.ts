/** The import rules are kept by the linter: a forbidden import fails it, in whatever form. */
import { expect, test } from 'vitest';
import { complaintsOf } from '../support/lint.ts';

const forbidden: Record<string, string[]> = {
  'src/job/a.ts': [
    '../kinds/kind.ts',
    '../store/store.ts',
    '../jobs/queue.ts',
    '../config.ts',
    '../../worker/run/run.ts',
    'bullmq',
    'ioredis',
    'node:fs',
  ],
  'src/kinds/a.ts': ['../store/store.ts', '../jobs/queue.ts', '../config.ts', '../../worker/run/run.ts', 'bullmq', 'ioredis', 'node:fs'],
  'src/store/a.ts': ['../kinds/kind.ts', '../jobs/queue.ts', '../config.ts', '../../worker/run/run.ts', 'openai', 'node:fs'],
  'src/jobs/a.ts': [
    '../stream/feed.ts',
    '../http/auth.ts',
    '../ends/outbox.ts',
    '../config.ts',
    '../../worker/run/run.ts',
    'openai',
    'node:fs',
  ],
  'src/ends/a.ts': ['../archive/outbox.ts', '../notifications/notification.ts', '../config.ts', 'bullmq', 'node:fs'],
  'src/files/a.ts': ['../stream/feed.ts', '../http/auth.ts', '../config.ts', '../../worker/run/run.ts', 'bullmq', 'node:fs'],
  'src/stream/a.ts': ['../http/auth.ts', '../kinds/kind.ts', '../app.ts', 'openai'],
  'src/http/a.ts': ['../../worker/run/run.ts', '../main.ts', '../config.ts', 'bullmq', '@hono/node-server', 'node:fs'],
  'src/http/routes/a.ts': ['../../../worker/run/run.ts', '../../config.ts', '../../embedded/start.ts', 'bullmq', 'node:fs'],
  'src/app.ts': ['../worker/run/run.ts', './main.ts', 'node:http', '@hono/node-server', 'bullmq'],
  'src/a.ts': ['./main.ts', '../worker/run/run.ts', 'bullmq'],
  'worker/a.ts': ['../src/http/auth.ts', '../src/stream/feed.ts', '../src/app.ts', '../src/main.ts', 'bullmq', 'openai'],
  'worker/kinds/a.ts': ['../../src/http/auth.ts', 'bullmq', 'openai'],
  'worker/vendors/a.ts': [
    'openai',
    '../../src/http/auth.ts',
    '../../src/jobs/queue.ts',
    '../../src/store/store.ts',
    '../run/run.ts',
    '../../src/config.ts',
    'bullmq',
  ],
  'worker/run/a.ts': ['../../src/http/auth.ts', '../../src/stream/feed.ts', '../main.ts', 'openai'],
  'worker/vendors/openai.ts': ['../../src/jobs/queue.ts', '../../src/config.ts', 'bullmq'],
  'conformance/a.ts': ['./main.ts', '../src/job/id.ts', '../worker/run/run.ts', '../client/src/index.ts', 'bullmq', 'ioredis'],
  'conformance/promises/a.ts': ['../main.ts', '../../src/job/id.ts', '../../test/support/sse.ts', 'bullmq'],
  'conformance/main.ts': ['../src/job/id.ts', '../worker/run/run.ts', 'bullmq'],
};

const allowed: Record<string, string[]> = {
  'src/job/a.ts': ['./id.ts', 'zod'],
  'src/kinds/a.ts': ['../job/problem.ts', 'zod'],
  'src/store/a.ts': ['../job/id.ts', 'bullmq', 'ioredis'],
  'src/jobs/a.ts': ['../kinds/kind.ts', '../store/keys.ts', '../job/id.ts', 'bullmq', 'ioredis'],
  'src/ends/a.ts': ['../jobs/queue.ts', '../store/script.ts', 'ioredis'],
  'src/files/a.ts': ['../store/script.ts', '../job/id.ts', 'ioredis'],
  'src/stream/a.ts': ['../jobs/read-job.ts', '../job/snapshot.ts', 'bullmq'],
  'src/http/a.ts': ['../stream/feed.ts', '../jobs/queue.ts', 'hono'],
  'src/http/routes/a.ts': ['../auth.ts', '../../stream/feed.ts', 'hono'],
  'src/a.ts': ['node:http', '@hono/node-server', './http/auth.ts'],
  'worker/a.ts': ['../src/files/store.ts', './run/journal.ts', '../src/config.ts'],
  'worker/run/a.ts': ['bullmq', 'ioredis', '../../src/job/snapshot.ts', '../../src/jobs/queue.ts'],
  'worker/vendors/openai.ts': ['openai', '../capabilities.ts', '../../src/job/snapshot.ts'],
  'conformance/promises/a.ts': ['../check.ts', './problems.ts', 'node:util', 'zod', 'eventsource-parser'],
  'conformance/main.ts': ['../src/env/read-env-file.ts', './check.ts', './promises/problems.ts', 'node:util'],
};

/** Lints a house of such imports, and returns the complaints as `file:line`. */
function lint(house: Record<string, string[]>): Set<string> {
  const texts = Object.entries(house).map(([file, sources]) => [file, sources.map((source, n) => lines(source, n).join('\n')).join('\n')]);
  return complaintsOf(Object.fromEntries(texts) as Record<string, string>, 'no-restricted-imports');
}

const lines = (source: string, n: number) => [
  `import '${source}';`,
  `import type { A${n} } from '${source}';`,
  `export { B${n} } from '${source}';`,
];

const every = (house: Record<string, string[]>) =>
  Object.entries(house).flatMap(([file, sources]) =>
    sources.flatMap((source, n) => lines(source, n).map((_, line) => ({ at: `${file}:${3 * n + line + 1}`, source }))),
  );

test('every forbidden import fails the check', () => {
  const complaints = lint(forbidden);
  expect(every(forbidden).filter(({ at }) => !complaints.has(at))).toEqual([]);
});

test('what is allowed does not', () => {
  expect([...lint(allowed)]).toEqual([]);
});
