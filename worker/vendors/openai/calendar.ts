/** Finds when models of OpenAI end, by the names under which they are asked. */
import type { ModelEnd } from '../../../src/job/model-end.ts';
import { MODEL_ENDS } from './model-ends.ts';

/** A date at the end of a name, which stands for a version of the model. */
const VERSION = /-\d{4}-\d{2}-\d{2}$/;

/**
 * What stands before a name: `openai/`, as routers write it, or `ft:` of a model that was trained
 * further.
 */
const BEFORE = /^(?:openai\/|ft:)+/;

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
