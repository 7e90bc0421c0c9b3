/** Inputs that the kind allows and no worker takes: what counts as taken, and how a refusal is worded. */
import { expect, test } from 'vitest';
import type { Acceptance } from '../../src/kinds/acceptance.ts';
import { unacceptedProblem } from '../../src/jobs/unaccepted.ts';
import { availabilityOf, type KnownWorker } from '../../src/jobs/worker-registry.ts';

const voices: Acceptance = { field: 'voice', values: ['Vicki', 'Hans'], detail: 'must be one of Vicki, Hans' };
const languages: Acceptance = { field: 'language', values: ['de-DE', 'no'], byLanguage: true, detail: 'must be one of de, no' };
const recordings: Acceptance = {
  field: 'audio',
  values: [
    { type: 'audio/wav', sampleRate: 16_000 },
    { type: 'audio/ogg', codec: 'opus' },
  ],
  detail: 'takes WAV of 16 kHz and Opus',
};

function worker(accepts: Acceptance[] | undefined, live = true): KnownWorker {
  const support = { available: true as const, provider: 'x', answers: 'x', ...(accepts && { accepts }) };
  return { name: 'w', version: '1', concurrency: 1, live, kinds: { speak: support } };
}

/** The code and the pointer of the problem; undefined if the input is taken. */
function refusal(input: object, ...workers: KnownWorker[]) {
  const problem = unacceptedProblem(input, availabilityOf('speak', workers, input));
  return problem && [problem.code, problem.extras.errors?.[0]?.pointer];
}

const file = (facts: object) => ({ facts, bytes: 1, digest: 'x' });

test('a text must be one of those that are taken; a field that is absent is', () => {
  const all = worker([voices, languages]);
  expect(refusal({ voice: 'Vicki', language: 'de-AT' }, all)).toBeUndefined();
  expect(refusal({}, all)).toBeUndefined();
  expect(refusal({ voice: 'vicki' }, all)).toEqual(['invalid_input', '#/voice']);
  expect(refusal({ language: 'NO' }, all)).toBeUndefined();
  expect(refusal({ language: 'nob' }, all)).toEqual(['invalid_input', '#/language']);
  expect(unacceptedProblem({ voice: 'x' }, availabilityOf('speak', [all]))?.detail).toContain('Vicki, Hans');
});

test('a file must have each fact that is named, and is refused as a type that is not supported', () => {
  const all = worker([recordings]);
  expect(refusal({ audio: file({ type: 'audio/wav', sampleRate: 16_000, channels: 1 }) }, all)).toBeUndefined();
  expect(refusal({ audio: file({ type: 'audio/ogg', codec: 'opus' }) }, all)).toBeUndefined();
  expect(refusal({ audio: file({ type: 'audio/wav', sampleRate: 44_100 }) }, all)).toEqual(['unsupported_media_type', '#/audio']);
  expect(refusal({ audio: file({ type: 'audio/ogg' }) }, all)).toEqual(['unsupported_media_type', '#/audio']);
});

test('an input is taken if one live worker takes it; those that lived lately count while none lives', () => {
  const input = { voice: 'Nobody' };
  expect(refusal(input, worker([voices]), worker([languages]))).toBeUndefined();
  expect(refusal(input, worker([voices]), worker(undefined))).toBeUndefined();
  expect(refusal(input, worker([voices]), worker(undefined, false))).toEqual(['invalid_input', '#/voice']);
  expect(refusal(input, worker([voices], false), worker(undefined, false))).toBeUndefined();
  expect(refusal(input)).toBeUndefined(); // nothing is known, so the job waits
});
