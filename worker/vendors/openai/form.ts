/**
 * In which form a request is sent: what a server refuses is left out or replaced, and remembered
 * for that server and model.
 */
import type { Quirks } from '../answer.ts';
import { type VendorRefusal } from '../refusal.ts';
import { readRefusal } from '../refusal-body.ts';

/** The form of a request. */
export type RequestForm = {
  /** Whether the server is asked to report its usage at the stream's end (`stream_options`). */
  usage: 'asked' | 'none';
  /**
   * How the shape of the answer is asked for: as a schema, as any JSON object with the schema in
   * the prompt, or in the prompt alone (`response_format`).
   */
  format: 'schema' | 'object' | 'prompt';
  /** The name of the limit of tokens. Some servers know only the older one, and some refuse any. */
  cap: 'max_completion_tokens' | 'max_tokens' | 'none';
  /** That limit. */
  maxTokens: number;
  /**
   * Who says the instructions. The templates of some models have no system, so that the user says
   * them.
   */
  instructor: 'system' | 'user';
};

/** What this process knows of one model on one server. */
export type KnownModel = { form: RequestForm; quirks: Quirks };

/** The form that is tried first. */
export const firstForm = (maxTokens: number): RequestForm => ({
  usage: 'asked',
  format: 'schema',
  cap: 'max_completion_tokens',
  maxTokens,
  instructor: 'system',
});

/** Keeps what is known of models while the process runs: for each server and model one entry. */
export function createModelMemory(): (baseURL: string | undefined, model: string, maxTokens: number) => KnownModel {
  const book = new Map<string, KnownModel>();
  return (baseURL, model, maxTokens) => {
    const key = JSON.stringify([baseURL, model]);
    const known = book.get(key) ?? { form: firstForm(maxTokens), quirks: { closesOnly: false, longHead: false } };
    book.set(key, known);
    return known;
  };
}

type FormPart = { named: RegExp; simpler(form: RequestForm, words: string): RequestForm | undefined };

/**
 * The parts of a form: how refusals name each, and what is tried next. A part without a simpler
 * form is refused for good.
 */
const PARTS: readonly FormPart[] = [
  { named: /stream_options|include_usage/i, simpler: (form) => (form.usage === 'asked' ? { ...form, usage: 'none' } : undefined) },
  {
    named:
      /\b(?:system|developer)[ _'"]*(?:role|prompt|message|instruction)|role[ :=]*['"]?system\b|roles must alternate|only user and assistant roles/i,
    simpler: (form) => (form.instructor === 'system' ? { ...form, instructor: 'user' } : undefined),
  },
  {
    named: /response_format|response format|json_schema|json schema|json_object|structured.?output|guided|grammar/i,
    simpler: (form) => {
      const next = ({ schema: 'object', object: 'prompt', prompt: undefined } as const)[form.format];
      return next && { ...form, format: next };
    },
  },
  {
    named: /max_(?:completion_)?tokens|completion tokens|(?:in|for) (?:the|your) completion/i,
    simpler: (form, words) => {
      if (form.cap === 'none') return undefined;
      const most = largestCap(words, form.maxTokens);
      if (most !== undefined) return { ...form, maxTokens: most };
      // Where the context is too short for both, the server knows best what is left for the answer.
      if (CONTEXT.test(words)) return { ...form, cap: 'none' };
      return { ...form, cap: form.cap === 'max_tokens' ? 'none' : 'max_tokens' };
    },
  },
];

/** The statuses of refusals that are about the request's form. */
const STATUSES: ReadonlySet<number> = new Set([400, 404, 422, 501]);

/**
 * The next form to try after a refusal; undefined if the refusal is about something else, or if
 * nothing is left. A refusal costs nothing.
 */
export function nextForm(form: RequestForm, { status = 0, body, headers }: VendorRefusal): RequestForm | undefined {
  const { words, statuses } = readRefusal(body, headers);
  const isFormal =
    STATUSES.has(status) || ((status === 0 || status === 200) && (statuses.length === 0 || statuses.some((each) => STATUSES.has(each))));
  if (!isFormal) return undefined;
  for (const { named, simpler } of PARTS) {
    const next = named.test(words) ? simpler(form, words) : undefined;
    if (next) return next;
  }
  return undefined;
}

const CONTEXT = /context length|maximum context|context window of|input tokens|in the messages|prompt tokens|in your prompt/i;

/**
 * A number behind words for a limit: "at most 4096", "the valid range is [1, 8192]", "16384 >
 * 8192".
 */
const LIMIT =
  /(?:at most|less than or equal to|no more than|up to|not exceed|maximum|limit|<=|≤|\[\s*\d+\s*,|between \d+ and|>)\D{0,24}(\d{3,7})(?![\w.-])/gi;

/** The fewest tokens that an answer can do with. */
const MIN_CAP = 256;

/** The limit that a refusal names, if it is a lower one. */
function largestCap(words: string, maxTokens: number): number | undefined {
  if (CONTEXT.test(words)) return undefined;
  const named = [...words.matchAll(LIMIT)].map(([, digits]) => Number(digits)).filter((cap) => cap >= MIN_CAP && cap < maxTokens);
  return named.length > 0 ? Math.max(...named) : undefined;
}
