/**
 * The routes that say what the service can do and how it is, and those of the two pages that it
 * serves.
 */
import type { Kind } from '../kinds/kind.ts';
import { problems } from '../job/problem.ts';
import { problemAdvice } from '../job/problem-advice.ts';
import { CONTRACT_VERSION } from './contract-version.ts';
import type { HeaderName } from './headers.ts';
import { type AnswerDescription, jsonAnswer, type RouteDescription, routesOf } from './operation.ts';
import { object, ref, text } from './schema.ts';

/** The routes that say what the service can do, and how it is. `kinds` give the examples. */
export function serviceRouteDescriptions(kinds: readonly Kind[]): RouteDescription[] {
  return [...kindRoutes(kinds), ...healthRoutes(), ...documentRoutes(), ...pageRoutes()];
}

const open = routesOf('Know', 'anyone');

function kindRoutes(kinds: readonly Kind[]): RouteDescription[] {
  const index = {
    name: 'ai-jobs',
    submit: kinds.map(({ path, summary }) => ({ method: 'POST', path, summary })),
    look: ['/api/jobs/:jobId'],
    cancel: ['/api/jobs/:jobId/cancel'],
    retry: ['/api/jobs/:jobId/retry'],
    erase: ['/api/me/data'],
    watch: ['/api/jobs/:jobId/events'],
    download: ['/api/jobs/:jobId/output'],
    notify: ['/api/jobs/:jobId/deliveries'],
    know: ['/api/kinds'],
  };
  const isOn = { available: true, provider: 'openai', model: 'gpt-5.4-mini' };
  const states = kinds.map(({ name, path, summary }) => ({ name, path, summary, ...isOn }));
  return [
    open('GET /', 'getIndex', {
      summary: 'All routes.',
      description: 'The routes by what they are for.',
      answers: { 200: jsonAnswer('The routes.', 'Index', index) },
    }),
    open('GET /api/kinds', 'listKinds', {
      summary: 'The kinds of jobs.',
      description:
        'Each kind with whether it is on: by whom it is done, or which variables are missing. The workers that live, or lived lately, tell it.',
      answers: { 200: jsonAnswer('The kinds.', 'Kinds', { kinds: states }) },
      problems: ['queue_unavailable'],
    }),
  ];
}

const STATS = {
  counts: { waiting: 4, active: 3, delayed: 0, completed: 120, failed: 2, cancelled: 1 },
  lanes: {
    'generate-flashcards': { waiting: 4, active: 3, delayed: 0, concurrency: 3, meanRunMs: 900, backlogSeconds: 2, utilization: 1 },
  },
  backlogSeconds: 2,
  utilization: 1,
  workers: 1,
  concurrency: 3,
  perMinute: { completed: 11, failed: 0, cancelled: 0 },
  waitMs: { p50: 900, p95: 4200 },
  runMs: { p50: 11_800, p95: 19_400 },
  depth: 7,
  oldestWaitingMs: 2600,
  etaSeconds: 31,
  notifications: { waiting: 2, failed: 0 },
  held: {
    bodies: { held: 1_310_720, holders: 2, waiting: 0 },
    answers: { held: 262_144, holders: 1, waiting: 0 },
    streams: { held: 40, holders: 31, waiting: 0 },
    reads: { held: 1, holders: 1, waiting: 0 },
  },
};

function healthRoutes(): RouteDescription[] {
  return [
    open('GET /api/queue/stats', 'getStats', {
      summary: 'The queue in figures.',
      description: 'How many jobs wait and run, how long they take, and when a job that is submitted now would have ended.',
      answers: { 200: jsonAnswer('The figures.', 'Stats', STATS) },
      problems: ['queue_unavailable'],
    }),
    open('GET /api/redis/health', 'getRedisHealth', {
      summary: 'Whether Redis takes writes.',
      description: 'The time of a write to Redis.',
      answers: { 200: jsonAnswer('It does.', 'RedisHealth', { status: 'ok', latencyMs: 0.41 }) },
      problems: ['queue_unavailable'],
    }),
    open('GET /health', 'getHealth', {
      summary: 'Whether the process answers.',
      description: 'It does not depend on Redis, so that a host does not restart the process while Redis is away.',
      answers: {
        200: jsonAnswer('It does.', 'Health', { status: 'ok', contractVersion: CONTRACT_VERSION, uptimeSeconds: 86_400, followers: 12 }),
      },
    }),
    open('GET /ready', 'getReadiness', {
      summary: 'Whether the process can serve.',
      description: 'It can if Redis takes writes and the events of jobs are read.',
      answers: { 200: jsonAnswer('It can.', 'Ready', { status: 'ready' }) },
      problems: ['queue_unavailable'],
    }),
  ];
}

const PAGE_HEADERS: HeaderName[] = ['Content-Security-Policy', 'X-Content-Type-Options', 'Referrer-Policy'];

const HTML = { 'text/html': { schema: { type: 'string' } } };

const file = (header: HeaderName): AnswerDescription => ({
  description: 'The file.',
  headers: [header, ...PAGE_HEADERS],
  content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
});

function documentRoutes(): RouteDescription[] {
  const { status, title, retryable } = problems.rate_limited;
  const meaning = { code: 'rate_limited', status, title, retryable, detail: problemAdvice.rate_limited };
  const document = object({ openapi: text('The version of OpenAPI.'), info: { type: 'object' }, paths: { type: 'object' } });
  return [
    open('GET /problems/:code', 'getProblem', {
      summary: 'What a problem means.',
      description:
        'The `type` of each problem leads here: what its code means, and what a client does about it. Clients that accept HTML get a page.',
      answers: {
        200: {
          description: 'The meaning.',
          headers: PAGE_HEADERS,
          content: { 'application/json': { schema: ref('ProblemMeaning'), example: meaning }, ...HTML },
        },
      },
      problems: ['not_found'],
    }),
    open('GET /openapi.json', 'getDocument', {
      summary: 'This document.',
      description: 'OpenAPI 3.1.',
      parameters: ['ifNoneMatch'],
      answers: {
        200: { ...jsonAnswer('The document.', document, { openapi: '3.1.1', info: {}, paths: {} }), headers: ['ETag'] },
        304: { description: 'It has not changed.', headers: ['ETag'] },
      },
    }),
    open('GET /docs', 'getDocs', {
      summary: 'A page to read and try the API.',
      description: 'Swagger UI over this document. It loads files of this origin only.',
      answers: { 200: { description: 'The page.', headers: PAGE_HEADERS, content: HTML } },
    }),
    open('GET /docs/:asset', 'getDocsFile', {
      summary: 'A file of that page.',
      description: 'Its script, its style or its icon.',
      answers: { 200: file('Content-Length') },
      problems: ['not_found'],
    }),
    ...DOCUMENTS.map(([route, operationId, summary, type]) =>
      open(route, operationId, {
        summary,
        description: 'It is made of the documents of the release that runs.',
        parameters: ['ifNoneMatch'],
        answers: {
          200: { description: 'The text.', headers: ['ETag', ...PAGE_HEADERS], content: { [type]: { schema: { type: 'string' } } } },
          304: { description: 'It has not changed.', headers: ['ETag', 'X-Content-Type-Options', 'Referrer-Policy'] },
        },
        problems: ['not_found'],
      }),
    ),
  ];
}

/** What agents read. */
const DOCUMENTS = [
  ['GET /llms.txt', 'getDocumentIndex', 'The index of the handbook, for agents.', 'text/plain'],
  ['GET /llms-full.txt', 'getDocuments', 'The handbook in one text, for agents.', 'text/plain'],
  ['GET /docs/handbook/:chapter', 'getChapter', 'A chapter of the handbook, as Markdown.', 'text/markdown'],
] as const;

/**
 * The page of operators, and the files of both pages. The page to try everything is `GET /` for a
 * client that accepts HTML.
 */
const PAGE_FILES = [
  ['GET /favicon.ico', 'getIcon', 'The icon of the pages.'],
  ['GET /page/:file', 'getPageFile', 'A file of the page to try everything.'],
  ['GET /page/admin/:file', 'getAdminPageFile', 'A file of the page of operators.'],
  ['GET /client/src/:file', 'getClientFile', 'A module of the client, which the pages use.'],
  ['GET /admin', 'getAdminPage', 'The page of operators. It has no data: what it shows it asks for with the token that is typed there.'],
] as const;

function pageRoutes(): RouteDescription[] {
  return PAGE_FILES.map(([route, operationId, summary]) =>
    open(route, operationId, {
      summary,
      description: 'The page to try everything is at `/`, for who accepts HTML; that of operators is at `/admin`.',
      answers: {
        200: file('ETag'),
        304: { description: 'It has not changed.', headers: ['ETag', 'X-Content-Type-Options', 'Referrer-Policy'] },
      },
      problems: ['not_found'],
    }),
  );
}
