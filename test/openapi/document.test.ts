/** The OpenAPI document by itself: whole, valid, with examples that fit, and with the routes that the app has. */
import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createParser } from 'eventsource-parser';
import { expect, test } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { createDocument } from '../../src/openapi/document.ts';
import { problems } from '../../src/job/problem.ts';
import { createChecks, forEachObject, resolve } from '../support/openapi.ts';
import { routesOfApp } from '../support/routes.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

type Json = Record<string, any>;

/** The document as it is sent. */
const documentOf = (of: Parameters<typeof createDocument>[0] = kinds): Json => JSON.parse(JSON.stringify(createDocument(of))) as Json;

const operationsOf = (document: Json): [route: string, operation: Json][] =>
  Object.entries(document['paths'] as Record<string, Json>).flatMap(([path, methods]) =>
    METHODS.flatMap((method): [string, Json][] => (methods[method] ? [[`${method.toUpperCase()} ${path}`, methods[method]]] : [])),
  );

test('the document has the routes of the app, and no others', async () => {
  const app = (await routesOfApp()).map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
  expect(
    operationsOf(documentOf())
      .map(([route]) => route)
      .toSorted(),
  ).toEqual(app.toSorted());
});

test('every reference leads somewhere', () => {
  const document = documentOf();
  let references = 0;
  forEachObject(document, (node) => {
    if (typeof node['$ref'] === 'string') expect(resolve(document, node), (references++, node['$ref'])).toBeDefined();
    for (const address of Object.values((node['discriminator']?.mapping ?? {}) as Record<string, string>))
      expect(resolve(document, { $ref: address }), address).toBeDefined();
  });
  expect(references).toBeGreaterThan(100);
});

test('every operation has a name of its own, a group, words, and each of its parameters once', () => {
  const document = documentOf();
  const operations = operationsOf(document);
  const names = operations.map(([, { operationId }]) => operationId as string);
  expect(new Set(names).size).toBe(names.length);
  const tags = document['tags'].map(({ name }: Json) => name);
  for (const [route, { summary, description, tags: own, parameters, responses }] of operations) {
    expect([route, summary, description]).toEqual([route, expect.stringMatching(/\.$/), expect.stringMatching(/.\.$/)]);
    expect([route, tags]).toEqual([route, expect.arrayContaining(own)]);
    const filledIn = parameters.map((one: Json) => resolve(document, one)).filter((one: Json) => !one['required'] && 'example' in one);
    expect([route, filledIn]).toEqual([route, []]); // a page would send it with every request that somebody tries
    const sent = parameters.map((parameter: Json) => resolve(document, parameter)).map((one: Json) => `${one['in']} ${one['name']}`);
    expect([route, new Set(sent).size]).toEqual([route, sent.length]);
    for (const [, name] of route.matchAll(/\{(\w+)\}/g)) expect([route, sent]).toEqual([route, expect.arrayContaining([`path ${name}`])]);
    for (const [status, answer] of Object.entries(responses)) {
      const codes: (keyof typeof problems)[] = resolve(document, answer as Json)['x-problem-codes'] ?? [];
      expect([route, status, codes.map((code) => String(problems[code].status))]).toEqual([route, status, codes.map(() => status)]);
    }
  }
});

/** Each example in the document with the schema that it has to fit. */
function examplesIn(document: Json): { example: unknown; schema: Json }[] {
  const found: { example: unknown; schema: Json }[] = [];
  forEachObject(document, (node) => {
    if (Array.isArray(node['examples'])) for (const example of node['examples']) found.push({ example, schema: node });
    const { schema, example, examples } = node as { schema?: Json; example?: unknown; examples?: Record<string, Json> };
    if (schema === undefined) return;
    if (example !== undefined) found.push({ example, schema });
    for (const one of Object.values(examples ?? {})) found.push({ example: resolve(document, one)['value'], schema });
  });
  return found;
}

test('every example fits its schema, has no field that is not in it, and every event of an example of a stream does', () => {
  const document = documentOf();
  const { mistakesIn, checkEvent } = createChecks(document, { closed: true });
  const examples = examplesIn(document);
  let events = 0;
  for (const { example, schema } of examples) {
    expect([example, mistakesIn(schema, example)]).toEqual([example, '']);
    if (!schema['contentSchema']) continue;
    const parser = createParser({
      onEvent: ({ id, event = '', data }) => (events++, checkEvent(schema, { id, event, data: JSON.parse(data) })),
    });
    parser.feed(String(example));
  }
  expect([examples.length, events]).toEqual([
    expect.toSatisfy((count: number) => count > 100),
    expect.toSatisfy((count: number) => count > 20),
  ]);
});

test('every JSON body that is sent or answered has an example, and every kind has one of its input that it takes', () => {
  for (const [route, { requestBody, responses }] of operationsOf(documentOf())) {
    for (const [status, { content = {} }] of Object.entries({ ...responses, body: requestBody ?? {} }) as [string, Json][])
      if (content['application/json'])
        expect([route, status, content['application/json'].example]).toEqual([route, status, expect.anything()]);
  }
  for (const { name, input, example } of kinds) expect([name, input.safeParse(example?.input).success]).toEqual([name, true]);
});

test('an example that does not fit is noticed, and so is a field that the document does not have', () => {
  const { mistakesIn } = createChecks(documentOf(), { closed: true });
  const problem = { type: '/problems/x', title: 'x', detail: 'x', code: 'x', retryable: true };
  const schema = { $ref: '#/components/schemas/Problem' };
  expect(mistakesIn(schema, problem)).toBe('');
  expect(mistakesIn(schema, { ...problem, retryable: 'yes' })).toContain('retryable');
  expect(mistakesIn(schema, { ...problem, stack: 'x' })).toContain('additional');
});

test('a kind that is added is in the document, with a form if it takes files', async () => {
  const { slices } = await import('../support/slices.ts');
  const document = documentOf([...kinds, slices]);
  expect(Object.keys(document['paths']['/api/slice-audio'].post.requestBody.content)).toEqual(['application/json', 'multipart/form-data']);
  expect(document['components'].schemas['SliceAudioForm']).toMatchObject({
    required: ['audio'],
    properties: { audio: { type: 'string', format: 'binary' }, parts: { type: 'integer', maximum: 20 } },
  });
  expect(document['components'].schemas['AnyJob'].discriminator.mapping['slice-audio']).toBe('#/components/schemas/SliceAudioJob');
});

test('Redocly finds nothing to say about it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ai-jobs-openapi-'));
  const file = join(folder, 'openapi.json');
  await writeFile(file, JSON.stringify(documentOf()));
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const cli = fileURLToPath(new URL('bin/cli.js', import.meta.resolve('@redocly/cli/package.json')));
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const args = [cli, 'lint', file, '--config', join(root, 'redocly.yaml'), '--format', 'json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env }).catch((error: { stdout: string }) => error);
  const { totals, problems: found } = JSON.parse(stdout) as { totals: unknown; problems: Json[] };
  expect([totals, found.map(({ message }) => message)]).toEqual([{ errors: 0, warnings: 0, ignored: 0 }, []]);
});
