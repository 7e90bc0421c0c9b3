/** The routes that say what the service can do, and how it is. */
import type { Kind } from '../kinds/kind.ts';
import { problems } from '../job/problem.ts';
import { problemAdvice } from '../job/problem-advice.ts';
import { type Answer, json, type RouteDescription } from './operation.ts';
import { object, ref, text } from './schema.ts';

const page = (description: string): Answer => ({
  description,
  headers: ['Content-Security-Policy', 'X-Content-Type-Options', 'Referrer-Policy'],
  content: { 'text/html': { schema: { type: 'string' } } },
});

/** The files of the page to try everything. */
const PAGE_FILES = [
  ['GET /favicon.ico', 'getIcon', 'The icon of the page to try everything.'],
  ['GET /page/:file', 'getPageFile', 'A file of the page to try everything.'],
  ['GET /page/:folder/:file', 'getPageLibraryFile', 'A file of a library that the page uses.'],
  ['GET /client/src/:file', 'getClientFile', 'A module of the client, which the page uses.'],
] as const;

/** The routes that say what the service can do, and how it is. */
export function serviceRoutes(kinds: readonly Kind[]): RouteDescription[] {
  const submit = kinds.map(({ path, summary }) => ({ method: 'POST', path, summary }));
  const states = kinds.map(({ name, path, summary }) => ({
    name,
    path,
    summary,
    available: true,
    provider: 'openai',
    model: 'gpt-5.4-mini',
  }));
  const { status, title, retryable } = problems.rate_limited;
  const meaning = { code: 'rate_limited', status, title, retryable, detail: problemAdvice.rate_limited };
  return [
    {
      route: 'GET /',
      operationId: 'getIndex',
      tag: 'Know',
      summary: 'All routes.',
      description: 'The routes by what they are for.',
      access: 'anyone',
      answers: {
        200: json('The routes.', 'Index', {
          name: 'ai-jobs',
          submit,
          look: ['/api/jobs/:jobId'],
          cancel: ['/api/jobs/:jobId/cancel'],
          retry: ['/api/jobs/:jobId/retry'],
          erase: ['/api/me/data'],
          watch: ['/api/jobs/:jobId/events'],
          download: ['/api/jobs/:jobId/output'],
          notify: ['/api/jobs/:jobId/deliveries'],
          know: ['/api/kinds'],
        }),
      },
    },
    {
      route: 'GET /api/kinds',
      operationId: 'listKinds',
      tag: 'Know',
      summary: 'The kinds of jobs.',
      description:
        'Each kind with whether it is on: by whom it is done, or which variables are missing. The workers that live, or lived lately, tell it.',
      access: 'anyone',
      answers: { 200: json('The kinds.', 'Kinds', { kinds: states }) },
      problems: ['queue_unavailable'],
    },
    {
      route: 'GET /api/queue/stats',
      operationId: 'getStats',
      tag: 'Know',
      summary: 'The queue in figures.',
      description: 'How many jobs wait and run, how long they take, and when a job that is submitted now would have ended.',
      access: 'anyone',
      answers: {
        200: json('The figures.', 'Stats', {
          counts: { waiting: 4, active: 3, delayed: 0, completed: 120, failed: 2 },
          workers: 1,
          concurrency: 3,
          perMinute: { completed: 11, failed: 0 },
          waitMs: { p50: 900, p95: 4200 },
          runMs: { p50: 11_800, p95: 19_400 },
          depth: 7,
          etaSeconds: 31,
          notifications: { waiting: 2, failed: 0 },
          held: {
            bodies: { held: 1_310_720, holders: 2, waiting: 0 },
            answers: { held: 262_144, holders: 1, waiting: 0 },
            streams: { held: 40, holders: 31, waiting: 0 },
            reads: { held: 1, holders: 1, waiting: 0 },
          },
        }),
      },
      problems: ['queue_unavailable'],
    },
    {
      route: 'GET /api/redis/health',
      operationId: 'getRedisHealth',
      tag: 'Know',
      summary: 'Whether Redis takes writes.',
      description: 'The time of a write to Redis.',
      access: 'anyone',
      answers: { 200: json('It does.', 'RedisHealth', { status: 'ok', latencyMs: 0.41 }) },
      problems: ['queue_unavailable'],
    },
    {
      route: 'GET /health',
      operationId: 'getHealth',
      tag: 'Know',
      summary: 'Whether the process answers.',
      description: 'It does not depend on Redis, so that a host does not restart the process while Redis is away.',
      access: 'anyone',
      answers: { 200: json('It does.', 'Health', { status: 'ok', uptimeSeconds: 86_400, followers: 12 }) },
    },
    {
      route: 'GET /ready',
      operationId: 'getReadiness',
      tag: 'Know',
      summary: 'Whether the process can serve.',
      description: 'It can if Redis takes writes and the events of jobs are read.',
      access: 'anyone',
      answers: { 200: json('It can.', 'Ready', { status: 'ready' }) },
      problems: ['queue_unavailable'],
    },
    {
      route: 'GET /problems/:code',
      operationId: 'getProblem',
      tag: 'Know',
      summary: 'What a problem means.',
      description:
        'The `type` of each problem leads here: what its code means, and what a client does about it. Clients that accept HTML get a page.',
      access: 'anyone',
      answers: {
        200: {
          ...page('The meaning.'),
          content: { 'application/json': { schema: ref('ProblemMeaning'), example: meaning }, 'text/html': { schema: { type: 'string' } } },
        },
      },
      problems: ['not_found'],
    },
    {
      route: 'GET /openapi.json',
      operationId: 'getDocument',
      tag: 'Know',
      summary: 'This document.',
      description: 'OpenAPI 3.1.',
      access: 'anyone',
      parameters: ['ifNoneMatch'],
      answers: {
        200: {
          ...json(
            'The document.',
            object({ openapi: text('The version of OpenAPI.'), info: { type: 'object' }, paths: { type: 'object' } }),
            { openapi: '3.1.1', info: {}, paths: {} },
          ),
          headers: ['ETag'],
        },
        304: { description: 'It has not changed.', headers: ['ETag'] },
      },
    },
    {
      route: 'GET /docs',
      operationId: 'getDocs',
      tag: 'Know',
      summary: 'A page to read and try the API.',
      description: 'Swagger UI over this document. It loads files of this origin only.',
      access: 'anyone',
      answers: { 200: page('The page.') },
    },
    {
      route: 'GET /docs/:asset',
      operationId: 'getDocsFile',
      tag: 'Know',
      summary: 'A file of that page.',
      description: 'Its script, its style or its icon.',
      access: 'anyone',
      answers: {
        200: {
          description: 'The file.',
          headers: ['Content-Length', 'Content-Security-Policy', 'X-Content-Type-Options', 'Referrer-Policy'],
          content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
        },
      },
      problems: ['not_found'],
    },
    ...PAGE_FILES.map(([route, operationId, summary]): RouteDescription => ({
      route,
      operationId,
      tag: 'Know',
      summary,
      description: 'The page itself is at `/`, for who accepts HTML.',
      access: 'anyone',
      answers: {
        200: {
          description: 'The file.',
          headers: ['ETag', 'Content-Security-Policy', 'X-Content-Type-Options', 'Referrer-Policy'],
          content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
        },
        304: { description: 'It has not changed.', headers: ['ETag', 'X-Content-Type-Options', 'Referrer-Policy'] },
      },
      problems: ['not_found'],
    })),
  ];
}
