/** What may stand in the input of a model, and how much of it there is. Pure. */
import { estimateTokens } from '../job/token-estimate.ts';

/** An item of the input: a message, or what a tool of the client has to do with. */
export type InputItem = { type?: string | undefined; role?: string | undefined; content?: unknown; [field: string]: unknown };

/** A mistake in the input: where, and what. */
export type InputFault = { path: (string | number)[]; message: string };

/** The items that are taken. What refers to things in an account of the provider is not. */
const ITEM_TYPES: ReadonlySet<string> = new Set(['message', 'function_call', 'function_call_output', 'reasoning']);

/** The parts of texts, by where a text stands in them. */
const TEXT_FIELDS: Readonly<Record<string, string>> = { input_text: 'text', output_text: 'text', text: 'text', refusal: 'refusal' };

/** About what an image or a page of a file counts for, in tokens. */
const FILE_TOKENS = 1500;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Finds what is not taken of the items. `takesFile`: whether a part that is no text is taken. */
export function inputFaults(items: readonly InputItem[], takesFile: (part: Record<string, unknown>) => boolean): InputFault[] {
  return items.flatMap((item, index): InputFault[] => {
    const { type = 'message', content, output } = item;
    if (!ITEM_TYPES.has(type)) return [{ path: [index, 'type'], message: `items of the type ${type} are not taken` }];
    const parts = type === 'message' ? ['content', content] : type === 'function_call_output' ? ['output', output] : undefined;
    if (!parts || !Array.isArray(parts[1])) return [];
    return (parts[1] as unknown[]).flatMap((part, at): InputFault[] => {
      const kind = isRecord(part) && typeof part['type'] === 'string' ? part['type'] : 'none';
      if (isRecord(part) && (kind in TEXT_FIELDS || takesFile(part))) return [];
      return [{ path: [index, String(parts[0]), at], message: `a part of the type ${kind} is not taken here` }];
    });
  });
}

/** The fields of a request that a model reads. */
type Read = { input: string | readonly InputItem[]; instructions?: string | undefined; tools?: unknown; text?: unknown };

/** The texts of a request, as far as a model reads them. */
function textsOf({ input, instructions = '', tools, text }: Read): string[] {
  const items = typeof input === 'string' ? [input] : input.flatMap(textsIn);
  return [instructions, ...items, ...[tools, text].map((value) => (value === undefined ? '' : JSON.stringify(value)))];
}

function textsIn({ content, output, arguments: args, summary, encrypted_content: sealed }: InputItem): string[] {
  const texts = [content, output, args, sealed].filter((value) => typeof value === 'string');
  const parts = [content, output, summary].flatMap(listOf).filter(isRecord);
  return [
    ...texts,
    ...parts.flatMap((part) => Object.values(part).filter((value) => typeof value === 'string' && value !== part['type']) as string[]),
  ];
}

/** How many characters a model is given to read. */
export function charsOf(request: Read): number {
  return textsOf(request).reduce((sum, { length }) => sum + length, 0);
}

/** About how many tokens that is. */
export function inputTokensOf(request: Read): number {
  const { input } = request;
  const parts = typeof input === 'string' ? [] : input.flatMap(({ content, output }) => [content, output].flatMap(listOf));
  const files = parts.filter((part) => isRecord(part) && !(String(part['type']) in TEXT_FIELDS)).length;
  return Math.ceil(textsOf(request).reduce((sum, text) => sum + estimateTokens(text), 0)) + FILE_TOKENS * files;
}
