/**
 * One route as the document describes it, and how that becomes an Operation Object of OpenAPI 3.1.
 */
import type { JsonSchema } from '../kinds/public-schema.ts';
import type { ProblemCode } from '../job/problem.ts';
import { type HeaderName, headersNamed } from './headers.ts';
import { type ParameterName, parametersNamed } from './parameters.ts';
import { problemAnswers, type Refusals } from './problem-answers.ts';
import { ref } from './schema.ts';
import { requirementsFor, type RouteAccess } from './security.ts';
import type { TagName } from './tags.ts';

/** A body by its media type: its schema, and examples of it. */
export type Content = { schema: JsonSchema; example?: unknown; examples?: Record<string, { summary: string; value: unknown }> } & {
  [extension: `x-${string}`]: unknown;
};

/**
 * The bodies that a route takes, by media type. `encoding`: how the fields of a form are written.
 */
export type BodyContent = Record<string, Content & { encoding?: JsonSchema }>;

/** An answer that is no problem. */
export type AnswerDescription = { description: string; headers?: HeaderName[]; content?: Record<string, Content> };

/** An answer with JSON. `schema`: the name of a schema of this document, or one of its own. */
export const jsonAnswer = (description: string, schema: string | JsonSchema, example: unknown): AnswerDescription => ({
  description,
  content: { 'application/json': { schema: typeof schema === 'string' ? ref(schema) : schema, example } },
});

/** How the document explains an event stream. */
const FRAMES = `Server-Sent Events (WHATWG HTML, section 9.2). Each event is a frame of lines: \`event\` is its name, \`data\` one line of JSON, and \`id\`,
where there is one, is what to resume with. \`contentSchema\` is the schema of the JSON in \`data\`. Lines that begin with a colon are comments: padding
at the start, and a ping from time to time. \`retry\` says after how many ms to reconnect.`;

/**
 * The content of an event stream. OpenAPI 3.1 describes a body as a whole: it is a text, and its
 * `contentSchema` is that of each event's `data`. `eventSchema`: the name of the schema of the JSON
 * in `data`.
 */
export function streamContent(eventSchema: string, example: string): Content {
  return {
    schema: { type: 'string', description: FRAMES, contentMediaType: 'text/event-stream', contentSchema: ref(eventSchema) },
    example,
  };
}

/** A route as the document describes it. */
export type RouteDescription = {
  /** The method and the path as the app has them: `GET /api/jobs/:jobId`. */
  route: string;
  operationId: string;
  tag: TagName;
  /** One line. */
  summary: string;
  /** A few sentences, in Markdown. */
  description: string;
  /** Who may call. */
  access: RouteAccess;
  /** Query parameters and request headers. Those of the path come by themselves. */
  parameters?: ParameterName[];
  body?: { description: string; required: boolean; content: BodyContent };
  /** By status. */
  answers: Record<number, AnswerDescription>;
  /** The problems of this route beside those that all routes have. */
  problems?: readonly ProblemCode[];
  /** Whether a limit counts it, so that its answers say how much of that is left. */
  limited?: boolean;
};

/** The parts of a description that differ between routes of one group and access. */
export type RouteDetails = Omit<RouteDescription, 'route' | 'operationId' | 'tag' | 'access'>;

/** Makes the function that describes the routes of a group which the same callers may use. */
export const routesOf =
  (tag: TagName, access: RouteAccess) =>
  (route: string, operationId: string, details: RouteDetails): RouteDescription => ({ route, operationId, tag, access, ...details });

/** Problems of every route. */
const EVERYWHERE: readonly ProblemCode[] = ['misdirected', 'internal_error'];

/** Problems of every route that changes something, and of those of operators. */
const CHANGING: readonly ProblemCode[] = ['origin_not_allowed'];

/**
 * Problems of every route under /api: there it is checked who calls, and requests, and what they
 * hold, are counted.
 */
const UNDER_API: readonly ProblemCode[] = [
  'invalid_input',
  'token_invalid',
  'token_expired',
  'rate_limited',
  'too_many_open',
  'server_busy',
  'identity_unavailable',
];

/** The path of a route as OpenAPI writes it, and its method in lower case. */
export function placeOf({ route }: Pick<RouteDescription, 'route'>): { path: string; method: string } {
  const [method = '', path = ''] = route.split(' ');
  return { path: path.replaceAll(/:(\w+)/g, '{$1}'), method: method.toLowerCase() };
}

/** The problems that a route can answer with: its own, and those of many routes. */
export function refusalsOf({ route, problems = [], limited = false }: RouteDescription): Refusals {
  const isRead = route.startsWith('GET ');
  const isOfOpenAI = route.includes(' /v1/');
  return {
    codes: [
      ...problems,
      ...(route.includes(' /api/') || isOfOpenAI ? UNDER_API : []),
      ...(isRead && !route.includes(' /admin/') ? [] : CHANGING),
      ...EVERYWHERE,
    ],
    limited,
    form: isOfOpenAI ? 'openai' : 'problem',
  };
}

/** The Operation Object of a route. */
export function toOperation(route: RouteDescription): JsonSchema {
  const { operationId, tag, summary, description, access, parameters = [], body, answers, limited = false } = route;
  const inPath = [...placeOf(route).path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as ParameterName);
  const common: HeaderName[] = [...(limited ? (['RateLimit', 'RateLimit-Policy'] as const) : []), 'x-request-id'];
  return {
    operationId,
    tags: [tag],
    summary,
    description,
    security: requirementsFor(access),
    parameters: parametersNamed([...inPath, ...parameters, 'requestId']),
    ...(body && { requestBody: body }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, toResponse(answer, common)])),
      ...problemAnswers(refusalsOf(route)),
    },
  };
}

function toResponse({ description, headers = [], content }: AnswerDescription, common: HeaderName[]): JsonSchema {
  return { description, headers: headersNamed([...headers, ...common]), ...(content && { content }) };
}
