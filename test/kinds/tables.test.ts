/** The kinds against every table that is written by their names, and against what they say of themselves. */
import { describe, expect, test } from 'vitest';
import { createClient } from '../../client/src/client.ts';
import { FORMS, type Field } from '../../page/forms.ts';
import { type FormSource, formFromSchema } from '../../page/schema-form.ts';
import { smokeRequest } from '../../scripts/smoke/request.ts';
import { loadConfig } from '../../src/config.ts';
import { flashcards } from '../../src/kinds/flashcards.ts';
import { kinds } from '../../src/kinds/index.ts';
import { checkKinds, CLIENT_MEMBERS, defineKind, type Kind } from '../../src/kinds/kind.ts';
import { publicSchemas } from '../../src/kinds/public-schema.ts';
import { createDocument } from '../../src/openapi/document.ts';
import { assign } from '../../worker/assignments.ts';
import { vendors } from '../../worker/vendors/index.ts';
import { makers } from '../../worker/vendors/offline/makers.ts';

const all: readonly Kind[] = kinds;
const names = all.map(({ name }) => name);
/** By its address, since what draws is written for browsers. */
const { DRAWINGS } = (await import(new URL('../../page/results.ts', import.meta.url).href)) as { DRAWINGS: Record<string, unknown> };
const REDIS = { REDIS_URL: 'redis://localhost' };

/** Whether the offline generator does a kind. */
const isOffline = ({ withoutKey }: Kind) => withoutKey !== 'nobody' && withoutKey.vendor === 'offline';

test('no two kinds share a name, a path, a method or a variable', () => {
  checkKinds(all);
  const [first, second] = [all[0]!, all[1]!];
  for (const property of ['name', 'path', 'method', 'variable'] as const)
    expect(() => checkKinds([first, { ...second, [property]: first[property] }])).toThrow(/share/);
});

test("no kind's method is called as something that the client has beside them", () => {
  const client = Object.keys(createClient({ baseUrl: '' }));
  const members = client.filter((name) => all.every(({ method }) => method !== name));
  expect(CLIENT_MEMBERS).toEqual(expect.arrayContaining(members));
  for (const method of CLIENT_MEMBERS) expect(() => defineKind({ ...flashcards, method })).toThrow(/client/);
});

test('each table by the names of kinds has kinds alone', () => {
  for (const table of [FORMS, DRAWINGS, makers]) expect(names).toEqual(expect.arrayContaining(Object.keys(table)));
  const made = all.filter((kind) => isOffline(kind) && kind.withoutKey !== 'nobody' && !kind.withoutKey.answer);
  expect(Object.keys(makers).toSorted()).toEqual(made.map(({ name }) => name).toSorted());
});

test('without any key each kind is done by whom it names', async () => {
  const deps = { guard: (_: string, work: never) => work, findProgram: (name: string) => `/usr/bin/${name}`, warn: () => {} };
  const { vendorVariables } = loadConfig(REDIS, 'worker', vendors);
  const offers = await Promise.all(vendors.map(async ({ name, offers: of }) => ({ name, offers: await of(vendorVariables, deps) })));
  for (const [name, { support }] of assign(all, offers)) {
    const { withoutKey } = all.find((kind) => kind.name === name)!;
    const expected =
      withoutKey === 'nobody'
        ? { available: false }
        : { available: true, provider: withoutKey.vendor, ...(withoutKey.needs && { needs: withoutKey.needs }) };
    expect([name, support]).toEqual([name, expect.objectContaining(expected)]);
  }
});

describe.each(all)('$name', (kind) => {
  const schemas = publicSchemas(kind);
  const properties = schemas.input['properties'] as Record<string, Record<string, unknown>>;

  test('its vendor can be named by its variable, and must be in production if a text alone would do it', () => {
    const variable = `PROVIDER_${kind.variable}`;
    const vendor = kind.withoutKey === 'nobody' ? 'azure-speech' : kind.withoutKey.vendor;
    const more = { AZURE_SPEECH_KEY: 'k', AZURE_SPEECH_REGION: 'r' };
    expect(loadConfig({ ...REDIS, ...more, [variable]: vendor }, 'worker', vendors).providers.get(kind.name)).toEqual({ variable, vendor });
    const others = Object.fromEntries(
      all.filter((one) => one !== kind && isOffline(one)).map((one) => [`PROVIDER_${one.variable}`, 'offline']),
    );
    const start = () => loadConfig({ ...REDIS, ...others, NODE_ENV: 'production' }, 'worker', vendors);
    if (isOffline(kind)) expect(start).toThrow(/OPENAI_API_KEY: in production/);
    else expect(start).not.toThrow();
  });

  test('its small job is taken, with the files that it names', async () => {
    const { body } = smokeRequest(kind);
    const fields = Object.entries(kind.smoke).filter(([field]) => !(field in (kind.files ?? {})));
    expect(kind.input.safeParse(Object.fromEntries(fields)).error).toBeUndefined();
    expect(Object.keys(kind.smoke).filter((field) => !(field in properties))).toEqual([]);
    for (const [field, { inspect }] of Object.entries(kind.files ?? {})) {
      const file = (body as FormData).get(field) as File;
      expect(await inspect(new Uint8Array(await file.arrayBuffer()))).toMatchObject({ type: expect.any(String) });
    }
  });

  test('its lists are in its result, and it says how it has ended', () => {
    for (const list of kind.lists ?? []) expect(schemas.items[list]).not.toEqual({});
    expect([kind.pushTexts.completed, kind.pushTexts.failed]).toEqual([expect.stringMatching(/\w\.$/), expect.stringMatching(/\w\.$/)]);
  });

  test('it has a form with all fields of its schema, and the page has words for no others', () => {
    const drawn = formFromSchema(JSON.parse(JSON.stringify(createDocument(all))) as FormSource, kind);
    expect(drawn.map(({ name }) => name).toSorted()).toEqual(Object.keys(properties).toSorted());
    const required = schemas.input['required'] as string[];
    expect(drawn.filter((field) => field.required).map(({ name }) => name)).toEqual(expect.arrayContaining(required));
    for (const field of drawn) expect([field.name, faultOf(field)]).toEqual([field.name, '']);
    const { labels, placeholders, samples } = FORMS[kind.name] ?? {};
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys({ ...labels, ...placeholders, ...samples })));
  });

  /** What a field offers that the schema does not take. */
  function faultOf(field: Field): string {
    const schema = properties[field.name];
    if (!schema) return 'it is not in the schema';
    if (kind.files?.[field.name]) return ['image', 'recording', 'file'].includes(field.type) ? '' : 'it is a file';
    if (field.type === 'number') {
      const { minimum, maximum } = schema as { minimum?: number; maximum?: number };
      return (field.least ?? minimum) === minimum && (field.most ?? maximum) === maximum ? '' : 'its bounds are others';
    }
    const options = field.type === 'choice' ? field.options.flatMap(([value]) => (value === '' ? [] : [value])) : [];
    const taken = (schema['enum'] ?? ['true', 'false']) as string[];
    return options.every((value) => taken.includes(value)) ? '' : 'it offers what is not taken';
  }
});
