/** Spans of requests and of streams, by OpenTelemetry's conventions for HTTP. */
import type { Context } from 'hono';
import { routePath } from 'hono/route';
import type { Snapshot } from '../job/snapshot.ts';
import { readTraceParent } from '../job/trace-parent.ts';
import { sentFacts } from '../traces/messaging.ts';
import type { Span, Tracer } from '../traces/tracer.ts';
import type { AppEnv } from './context.ts';

/** Requests that change something. The others are told of only where the client has a trace. */
const CHANGING: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Begins the span of a request, where it has one, and puts the trace into the context. */
export function beginRequest(c: Context<AppEnv>, tracer: Tracer): void {
  const { method, path } = c.req;
  const parent = readTraceParent(c.req.header('traceparent'));
  const isOurs = path.startsWith('/api/') || path.startsWith('/admin/');
  if (!isOurs || method === 'OPTIONS' || !(CHANGING.has(method) || parent !== undefined)) return;
  const span = tracer.begin({ name: method, kind: 'server', parent, facts: { 'http.request.method': method } });
  if (span.traceparent === undefined) return; // nobody wants to know
  c.set('span', span);
  c.set('traceparent', span.traceparent);
}

/** Ends the span of a request that was answered. It names the route and never the address. */
export function endRequest(c: Context<AppEnv>): void {
  const span = c.get('span');
  if (!span) return;
  const [route, { status }] = [routePath(c, -1), c.res];
  span.end({
    name: `${c.req.method} ${route}`,
    facts: { 'http.route': route, 'http.response.status_code': status },
    ...(status >= 500 && { error: String(status) }),
  });
}

/** Begins the span of a stream of all jobs of a user. It is part of no job's trace, and tells no user. */
export function beginFollowAll(c: Context<AppEnv>, tracer: Tracer): Span {
  const facts = { 'http.request.method': c.req.method, 'http.route': routePath(c, -1) };
  return tracer.begin({ name: 'follow events', kind: 'server', parent: c.get('traceparent'), facts });
}

/**
 * Begins the span of a stream. It lasts longer than the job, so it is no part of the job's trace
 * and only linked to it.
 */
export function beginFollow(c: Context<AppEnv>, tracer: Tracer, { id, kind, traceparent }: Snapshot): Span {
  const facts = { 'http.request.method': c.req.method, 'http.route': routePath(c, -1), 'ai_jobs.kind': kind, ...sentFacts(id) };
  const parent = c.req.method === 'GET' ? c.get('traceparent') : undefined; // a POST's trace is the job's
  return tracer.begin({ name: `follow ${kind}`, kind: 'server', parent, linked: traceparent, facts });
}
