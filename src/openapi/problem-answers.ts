/**
 * The problems of a route as answers: one for each status, with the codes that it may have. Routes
 * share those that are the same.
 */
import { type ProblemCode, problems, toProblem } from '../job/problem.ts';
import { problemAdvice } from '../job/problem-advice.ts';
import type { JsonSchema } from '../kinds/public-schema.ts';
import { type HeaderName, headersNamed } from './headers.ts';

/**
 * The problems that a route can answer with. `limited`: its answers say how much of the limit for
 * submissions is left. `form`: how they are written.
 */
export type Refusals = { codes: readonly ProblemCode[]; limited: boolean; form: ErrorForm };

/** How an error is written: as problem details, or as OpenAI writes it. */
type ErrorForm = 'problem' | 'openai';

/**
 * One answer. Codes may be added, so the schema of a problem names none; the codes of today are in
 * `x-problem-codes`.
 */
type ProblemAnswer = { name: string; status: number; codes: readonly ProblemCode[] } & Pick<Refusals, 'limited' | 'form'>;

/** References to the answers of a route, by status. */
export function problemAnswers(refusals: Refusals): JsonSchema {
  return Object.fromEntries(answersOf(refusals).map(({ status, name }) => [status, { $ref: `#/components/responses/${name}` }]));
}

/** The answers that the references of all routes lead to, and their examples. */
export function sharedAnswers(all: readonly Refusals[]): { responses: JsonSchema; examples: JsonSchema } {
  const answers = new Map(all.flatMap(answersOf).map((one) => [one.name, one]));
  const codes = new Set([...answers.values()].flatMap((one) => one.codes));
  return {
    responses: Object.fromEntries([...answers].map(([name, one]) => [name, toResponse(one)])),
    examples: Object.fromEntries([...codes].map((code) => [code, toExample(code)])),
  };
}

function answersOf({ codes, limited, form }: Refusals): ProblemAnswer[] {
  const byStatus = Map.groupBy([...new Set(codes)].toSorted(), (code) => problems[code].status);
  return [...byStatus]
    .toSorted(([one], [other]) => one - other)
    .map(([status, list]) => {
      const name = [status, ...list, ...(limited ? ['limited'] : []), ...(form === 'openai' ? ['openai'] : [])].join('.');
      return { name, status, codes: list, limited, form };
    });
}

function toResponse({ status, codes, limited, form }: ProblemAnswer): JsonSchema {
  return {
    description: codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' '),
    headers: headersNamed([...headersOf(status, codes, limited), ...(form === 'openai' ? (['x-should-retry'] as const) : [])]),
    content: form === 'openai' ? openAIContent(codes) : problemContent(codes),
    'x-problem-codes': codes,
  };
}

function problemContent(codes: readonly ProblemCode[]): JsonSchema {
  const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
  return { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples } };
}

function openAIContent([code]: readonly ProblemCode[]): JsonSchema {
  const message = code ? problemAdvice[code] : '';
  const example = { error: { message, type: 'invalid_request_error', param: null, code: code ?? null } };
  return { 'application/json': { schema: { $ref: '#/components/schemas/OpenAIError' }, example } };
}

function headersOf(status: number, codes: readonly ProblemCode[], limited: boolean): HeaderName[] {
  const retryable = codes.some((code) => problems[code].retryable);
  return [
    'x-request-id',
    ...(retryable ? (['Retry-After'] as const) : []),
    ...(status === 401 ? (['WWW-Authenticate'] as const) : []),
    ...(status === 416 ? (['Content-Range', 'Accept-Ranges'] as const) : []),
    ...(status === 429 || limited ? (['RateLimit', 'RateLimit-Policy'] as const) : []),
  ];
}

function toExample(code: ProblemCode): JsonSchema {
  const { type, title, detail, retryable } = toProblem(code, problemAdvice[code]);
  const { status } = problems[code];
  return { summary: title, value: { type, title, status, detail, code, retryable, requestId: '0f8e1c52-6a0a-4f0e-9f57-0a4f3f0f3a11' } };
}
