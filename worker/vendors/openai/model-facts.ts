/**
 * What an offer says of a model of OpenAI: who asks it, whose answers replace its own, and when it
 * ends.
 */
import type { ModelEnd } from '../../../src/job/model-end.ts';
import announced from './model-ends.json' with { type: 'json' };

/**
 * The last day of each model whose end is announced (YYYY-MM-DD),
 * as OpenAI's SDK has it: `npm run model:ends` prints the file.
 */
const MODEL_ENDS: Readonly<Record<string, string>> = announced;

/** A date at the end of a name, which stands for a version of the model. */
const VERSION = /-\d{4}-\d{2}-\d{2}$/;

/**
 * What stands before a name: `openai/`, as routers write it, or `ft:` of a model that was trained
 * further.
 */
const BEFORE = /^(?:openai\/|ft:)+/;

/**
 * What every offer of a model says. `others`: models that are asked where this one fails.
 */
export function factsOf(baseURL: string | undefined, model: string, others: readonly string[] = []) {
  const ends = endsOf([model, ...others]);
  return { available: true, author: { provider: 'openai', model }, answers: JSON.stringify(['openai', baseURL, model]), ends } as const;
}

/**
 * The model that does a kind of work: the named one, else the usual one. On another server than
 * OpenAI's only its owner knows which of its models can do it, so there is no usual one.
 */
export function chooseModel(named: string | undefined, baseURL: string | undefined, usual: string): string | undefined {
  return named ?? (baseURL === undefined ? usual : undefined);
}

/** The announced ends of these models; a model without one is left out. */
export function endsOf(models: readonly string[]): ModelEnd[] {
  return [...new Set(models)].flatMap((model) => {
    const date = endOf(model);
    return date === undefined ? [] : [{ model, date }];
  });
}

/** A version that is not announced itself ends with its model. */
function endOf(model: string): string | undefined {
  const plain = model.toLowerCase().replace(BEFORE, '').replace(/:.*$/, '');
  return dateOf(plain) ?? dateOf(plain.replace(VERSION, ''));
}

const dateOf = (name: string): string | undefined => (Object.hasOwn(MODEL_ENDS, name) ? MODEL_ENDS[name] : undefined);
