/** Two releases of a service: the second one knows a newer input of a kind, and of the job that another kind leads to. */
import { z } from 'zod';
import { childMarker, defineKind } from '../../src/kinds/kind.ts';
import { implement } from '../../worker/handler.ts';
import { defineVendor } from '../../worker/vendors/vendor.ts';
import { plainKind } from './plain-kind.ts';

/** What the newer release has beside: several tones in place of one, and a new field. */
const inputs = {
  older: z.object({ text: z.string(), tone: z.string().max(20).optional() }),
  newer: z.object({ text: z.string(), tones: z.array(z.string()).optional(), loud: z.boolean().optional() }),
};

const toTones = ({ tone, ...rest }: Record<string, unknown>) => (tone === undefined ? rest : { ...rest, tones: [tone] });

const toldBy = defineVendor({
  name: 'teller',
  keys: [],
  variables: {},
  offers: () => ({
    imageText: {
      available: true,
      work: () => Promise.reject(new Error('nobody asks it')),
      author: { provider: 'teller' },
      answers: 'teller',
    },
  }),
});

/** The kinds of a release, with what API and worker are started with. */
export function release(name: keyof typeof inputs) {
  const tell = defineKind({
    ...plainKind,
    name: 'tell',
    path: '/api/tell',
    capability: 'imageText',
    summary: 'Tells which input it was given, and by which release.',
    input: inputs[name] as z.ZodObject,
    upgrades: name === 'newer' ? [toTones] : [],
    result: z.object({ input: z.looseObject({}), by: z.string() }),
  });
  const lead = defineKind({
    ...plainKind,
    name: 'lead',
    path: '/api/lead',
    method: 'lead',
    variable: 'LEAD',
    capability: 'imageText',
    summary: 'Leads to the other kind.',
    input: z.object({ text: z.string(), thenInput: z.record(z.string(), z.unknown()).default({}) }).check(({ value, issues }) => {
      const { data, error } = tell.input.safeParse({ ...value.thenInput, text: '' });
      for (const { message } of error?.issues ?? []) issues.push({ code: 'custom', message, path: ['thenInput'], input: value });
      if (data) value.thenInput = Object.fromEntries(Object.entries(data).filter(([field]) => field !== 'text'));
    }),
    nested: () => ({ thenInput: tell }),
    next: ({ thenInput }) => ({ kind: tell, expected: { ...thenInput, text: '' }, inputFrom: ({ text }) => ({ ...thenInput, text }) }),
    result: z.object({ text: z.string(), child: childMarker.optional() }),
  });
  return {
    kinds: [tell, lead],
    implementations: [
      implement(tell, async (input) => ({ input, by: name })),
      implement(lead, async ({ text }) => ({ text: text.toUpperCase() })),
    ],
    vendors: [toldBy],
  };
}
