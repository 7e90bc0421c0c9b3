/** Tests the JSON Schemas of kinds: they say what clients send and get, not what is stored. */
import { expect, test } from 'vitest';
import { flashcards } from '../../src/kinds/flashcards.ts';
import { audio } from '../../src/kinds/generate-audio.ts';
import { kinds } from '../../src/kinds/index.ts';
import { lesson } from '../../src/kinds/lesson.ts';
import { processImage } from '../../src/kinds/process-image.ts';
import { publicSchemas } from '../../src/kinds/public-schema.ts';

test('an input has its defaults and bounds, and its files as base64', () => {
  expect(publicSchemas(flashcards).input).toMatchObject({
    required: ['content'],
    properties: { content: { type: 'string', minLength: 1 }, count: { type: 'integer', minimum: 1, maximum: 50, default: 10 } },
  });
  expect(publicSchemas(processImage).input).toMatchObject({
    required: ['image'],
    properties: { image: { type: 'string', contentEncoding: 'base64' } },
  });
});

test('a result has addresses in place of the marks that are stored, and is open to more fields', () => {
  const { result, items } = publicSchemas(audio);
  expect(result).toMatchObject({
    required: ['audio', 'parts'],
    properties: { audio: { required: ['outputUrl', 'type', 'bytes', 'durationMs'] } },
  });
  expect(items).toMatchObject({ parts: { properties: { outputUrl: { format: 'uri-reference' }, text: { type: 'string' } } } });
  expect(publicSchemas(processImage).result).toMatchObject({
    properties: { child: { required: ['jobId', 'statusUrl', 'streamUrl'] }, width: { type: 'integer' } },
  });
  for (const kind of kinds) {
    const text = JSON.stringify(publicSchemas(kind));
    expect(text).not.toMatch(/"additionalProperties":false|"output":|9007199254740991|\$schema/);
  }
});

test('each list whose items come one by one has its schema', () => {
  const { items } = publicSchemas(lesson);
  expect(Object.keys(items)).toEqual(['objectives', 'sections', 'vocabulary', 'exercises']);
  expect(items['objectives']).toMatchObject({ type: 'string' });
  expect(items['vocabulary']).toMatchObject({ required: ['term', 'meaning'] });
  expect(Object.values(kinds.map(publicSchemas)).every((schemas) => Object.values(schemas.items).every((item) => 'type' in item))).toBe(
    true,
  );
});
