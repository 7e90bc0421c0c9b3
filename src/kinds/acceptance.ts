/** What a worker takes of a kind's input beyond the kind's schema, because its provider takes no more: voices, types of recordings. */
import type { FileFacts, FileReference } from './kind.ts';

/** What is taken in one field. */
export type Acceptance = {
  field: string;
  /**
   * What is taken. A text is compared with the field's text. For a file, each fact that is named must be the file's. A field that is absent
   * in the input is always taken.
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
