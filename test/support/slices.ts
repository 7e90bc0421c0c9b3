/** A kind that uses files from end to end: it cuts a recording into parts, and gives them back as they come and then as a whole. */
import { z } from 'zod';
import { ProblemError } from '../../src/job/problem.ts';
import { inspectAudio, AUDIO_TYPES } from '../../src/kinds/inspect/audio.ts';
import { defineKind, outputMarker } from '../../src/kinds/kind.ts';
import { type Handler, implement } from '../../worker/handler.ts';
import { defineVendor } from '../../worker/vendors/vendor.ts';
import { plainKind } from './plain-kind.ts';

const output = z.object({ output: outputMarker, bytes: z.int(), type: z.string() });

/** The kind. `trouble`: what is to go wrong on the first attempt, after the first part. */
export const slices = defineKind({
  ...plainKind,
  name: 'slice-audio',
  path: '/api/slice-audio',
  capability: 'structuredAnswer',
  summary: 'Cuts a recording into parts.',
  input: z.object({
    parts: z.int().min(1).max(20).default(2),
    title: z.string().max(100).optional(),
    tags: z.array(z.string()).optional(),
    loud: z.boolean().optional(),
    options: z.looseObject({}).optional(),
    trouble: z.enum(['none', 'fails', 'hangs', 'fails for good']).default('none'),
  }),
  files: {
    audio: { types: AUDIO_TYPES, maxBytes: 10 * 1024 * 1024, inspect: inspectAudio({ maxDurationMs: 30_000 }) },
  },
  outputs: true,
  result: z.object({ whole: output, made: z.int(), input: z.looseObject({}) }),
});

const slice: Handler<typeof slices> = async (input, context) => {
  const { parts, trouble } = input;
  const { bytes, type } = await context.file('audio');
  const size = Math.ceil(bytes.byteLength / parts);
  const before = await context.kept('attempts');
  await context.keep('attempts', new Uint8Array((before?.byteLength ?? 0) + 1));
  for (let n = context.items('parts').length; n < parts; n++) {
    const kept = await context.output(n, bytes.subarray(n * size, (n + 1) * size), type);
    await context.item('parts', kept, (100 * (n + 1)) / parts);
    if (trouble === 'fails for good') throw new ProblemError('provider_rejected', 'no');
    if (before === undefined && trouble === 'fails') throw new ProblemError('provider_unavailable', 'not now');
    if (before === undefined && trouble === 'hangs') await new Promise(() => {});
  }
  const pieces: Uint8Array[] = [];
  for (let n = 0; n < parts; n++) pieces.push((await context.readOutput(n))?.bytes ?? new Uint8Array());
  const whole = await context.output('whole', Buffer.concat(pieces), type);
  return { whole, made: parts, input };
};

/** Says that it can do it; the handler asks nothing of it. */
const slicer = defineVendor({
  name: 'slicer',
  keys: [],
  variables: {},
  offers: () => ({
    structuredAnswer: {
      available: true,
      work: async () => 'whole',
      author: { provider: 'slicer' },
      kinds: [slices.name],
      answers: 'slicer',
    },
  }),
});

/** What API and worker are started with. */
export const sliceParts = { kinds: [slices], implementations: [implement(slices, slice)], vendors: [slicer] };
