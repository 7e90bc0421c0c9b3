/**
 * Limits of a provider on a kind's input, such as its voices or its types of recordings. They are
 * narrower than the kind's schema.
 */
import type { FileFacts, FileReference } from './kind.ts';

/** What is taken in one field. */
export type Acceptance = {
  field: string;
  /**
   * What is taken: texts that the field may have, or facts that a file must have, all of them. A
   * field that is absent in the input is always taken.
   */
  values: readonly (string | Partial<FileFacts>)[];
  /** Compares language tags by their first part alone: `pt` takes `pt-BR`. */
  byLanguage?: boolean;
  /** For the client: what is taken, and why no more. */
  detail: string;
};

/** Finds the first field whose value is not taken; undefined if all are. */
export function findUnaccepted(input: unknown, acceptances: readonly Acceptance[] = []): Acceptance | undefined {
  const fields = (input ?? {}) as Record<string, unknown>;
  return acceptances.find((acceptance) => !accepts(acceptance, fields[acceptance.field]));
}

/** Whether the field holds a file. */
export function isFile(value: unknown): value is FileReference {
  return typeof value === 'object' && value !== null && 'facts' in value;
}

function accepts({ values, byLanguage }: Acceptance, value: unknown): boolean {
  if (value === undefined) return true;
  return values.some((taken) => {
    if (typeof taken === 'string')
      return byLanguage && typeof value === 'string' ? primarySubtag(taken) === primarySubtag(value) : taken === value;
    const facts = isFile(value) ? (value.facts as Record<string, unknown>) : {};
    return Object.entries(taken).every(([fact, wanted]) => facts[fact] === wanted);
  });
}

/** The first part of a language tag, in lower case: `pt` of `pt-BR`. */
export function primarySubtag(tag: string): string {
  return tag.split(/[-_]/)[0]?.toLowerCase() ?? '';
}
