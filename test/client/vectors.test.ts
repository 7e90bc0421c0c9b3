/** Every reader of the contract finds the same in the vectors: the client, and a second one in Python. Their events are those of the OpenAPI document. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { expect, test } from 'vitest';
import { createClient } from '../../client/src/client.ts';
import type { Kinds } from '../../client/src/kinds.ts';
import { type JobState, reduce } from '../../client/src/state.ts';
import { kinds } from '../../src/kinds/index.ts';
import { createDocument } from '../../src/openapi/document.ts';
import { jobEvents } from '../../src/openapi/event-schemas.ts';
import { schemasOfModels } from '../../scripts/print-models.ts';
import { createChecks, forEachObject } from '../support/openapi.ts';

const FOLDER = fileURLToPath(new URL('../../conformance/vectors/', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** What a client is told and what it must make of it: docs/handbook/other-languages.md says it in words. */
type Vector = {
  about: string;
  method: keyof Kinds;
  jobId: string;
  cursor?: number;
  connections: ({ lastEventId: string | null } & ({ status: 200; stream: string[] } | { status: 204; job: object }))[];
  expected: { items: object[]; cursor: number; state: Record<string, unknown> };
};

/** The fields of a state that the vectors tell; one that is not in a vector has no value there. */
const FIELDS = [
  'status',
  'items',
  'result',
  'error',
  'attempt',
  'restart',
  'position',
  'etaSeconds',
  'retryAt',
  'percent',
  'stage',
  'child',
  'usage',
] as const;

const vectors = globSync('*.json', { cwd: FOLDER }).toSorted();
const read = (name: string) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Vector;

/** A body that comes in pieces of so many bytes. */
function inPieces(frames: string[], size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(frames.join(''));
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, (at += size)));
      else controller.close();
    },
  });
}

/** Lets the client read a vector, and says what it asked for and what it found. */
async function follow({ jobId, cursor, connections }: Vector, size: number) {
  const asked: (string | null)[] = [];
  let status: object | undefined;
  const fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    if (!url.includes('/events')) return Response.json(status);
    const connection = connections[asked.length];
    if (!connection) throw new Error('the client connects once too often');
    asked.push(new Headers(init.headers).get('last-event-id'));
    if (connection.status === 200)
      return new Response(inPieces(connection.stream, size), { headers: { 'content-type': 'text/event-stream' } });
    status = connection.job;
    return new Response(null, { status: 204 });
  };
  const ai = createClient({ baseUrl: 'http://localhost', fetch: fetch as typeof globalThis.fetch, backoff: { firstMs: 1, mostMs: 2 } });
  const job = ai.resume(jobId, { cursor, streamUrl: `/api/jobs/${jobId}/events?token=t` });
  let items: object[] = [];
  let state: JobState | undefined;
  for await (const event of job) {
    state = reduce(state, event);
    if (event.type === 'reset') items = [];
    if (event.type === 'item') items.push({ list: event.list, index: event.index, value: event.value });
  }
  const known = FIELDS.map((name) => [name, state?.[name]] as const).filter(([, value]) => value !== undefined);
  return { asked, items, cursor: job.cursor, state: Object.fromEntries(known) };
}

test.each(vectors)('the client reads %s, however its bytes are cut', async (name) => {
  const vector = read(name);
  const { items, cursor, state } = vector.expected;
  const error = state['error'] as { code: string } | undefined;
  for (const size of [1, 7, 1_000_000]) {
    const found = await follow(vector, size);
    expect(found).toEqual({
      asked: vector.connections.map(({ lastEventId }) => lastEventId),
      items,
      cursor,
      state: error?.code === 'cancelled' ? { ...state, error: expect.objectContaining(error) } : state, // its words are the reader's own
    });
  }
});

test.skipIf(!hasPython)('a reader in Python, which shares no line with the client, reads all of them', () => {
  const { stdout } = spawnSync('python3', [join(FOLDER, 'reader.py')], { encoding: 'utf8' });
  expect(stdout).toBe(`${vectors.length} vectors, 0 wrong\n`);
});

test('the events of the vectors are those of the document, but for what is malformed on purpose', () => {
  const document = JSON.parse(JSON.stringify(createDocument(kinds))) as object;
  const { mistakesIn } = createChecks(document, { closed: false });
  const schemaOf = (type: string) => ({ $ref: `#/components/schemas/${jobEvents[type as keyof typeof jobEvents]}` });
  let checked = 0;
  for (const name of vectors.filter((one) => !one.startsWith('malformed-'))) {
    for (const connection of read(name).connections) {
      if (connection.status === 204) {
        expect([name, mistakesIn({ $ref: '#/components/schemas/Job' }, connection.job)]).toEqual([name, '']);
        continue;
      }
      const events: EventSourceMessage[] = [];
      createParser({ onEvent: (event) => void events.push(event) }).feed(connection.stream.join(''));
      for (const { event = '', data } of events) {
        expect([name, data, mistakesIn(schemaOf(event), JSON.parse(data))]).toEqual([name, data, '']);
        checked++;
      }
    }
  }
  expect(checked).toBeGreaterThan(100);
});

test('the models for other languages have every field of what an app sends and gets', () => {
  const names = new Set<string>();
  forEachObject(schemasOfModels(), (schema) =>
    Object.keys((schema['properties'] as object | undefined) ?? {}).forEach((name) => names.add(name)),
  );
  expect(names.size).toBeGreaterThan(50);
  for (const file of ['AiJobs.swift', 'AiJobs.kt', 'ai_jobs.dart']) {
    const words = new Set(readFileSync(join(FOLDER, '../models', file), 'utf8').match(/\w+/g));
    expect([file, [...names].filter((name) => !words.has(name))]).toEqual([file, []]);
  }
});
