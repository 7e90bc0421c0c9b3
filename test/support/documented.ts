/** A stack whose answers are all checked against the OpenAPI document that it gives of itself. */
import { expect } from 'vitest';
import { createChecks } from './openapi.ts';
import { isEnd, type StreamEvent, watch } from './sse.ts';
import { startStack } from './stack-in-process.ts';

type Json = Record<string, any>;

/** A request. `status`: what its answer must have. */
export type Init = RequestInit & { status?: number };

/** Headers of a user, and of the operator. */
export const ANA = { 'user-id': 'ana' };
export const OPERATOR = { authorization: 'Bearer the-operator-knows-it' };

/** See the head of the file. */
export type Documented = Awaited<ReturnType<typeof start>>;

/** A stack, and what asks it and checks each answer against its own document. */
export async function start(env: Record<string, string> = {}) {
  const stack = await startStack({ RATE_LIMIT_MAX: '1000', ADMIN_TOKEN: 'the-operator-knows-it', ...env });
  const document = await stack.get('/openapi.json');
  const { checkAnswer, checkEvent, checkHead } = createChecks(document, { closed: true });
  const asked = new Set<string>();

  /** Asks a route. `route`: as the document has it; `path`: with its parameters filled in. Resolves with status, headers and body. */
  const ask = async (route: string, path = route.replace(/^\w+ /, ''), { status, ...init }: Init = {}) => {
    const [method = ''] = route.split(' ');
    const response = await fetch(stack.url + path, { method, headers: ANA, ...init });
    if (response.ok) asked.add(route);
    const body = await checkAnswer(route, response);
    if (status !== undefined) expect([route, body, response.status]).toEqual([route, body, status]);
    return { status: response.status, headers: response.headers, body: body as Json };
  };

  /** Follows a stream to the end of the job, or until the test has seen enough; checks each event. */
  const follow = async (route: string, path: string, init: RequestInit = {}, isEnough = isEnd) => {
    const [method = ''] = route.split(' ');
    const stream = await watch(stack.url + path, init.headers as Record<string, string>, { ...init, method });
    const { content } = checkHead(route, stream.response);
    await stream.until(isEnough);
    stream.leave();
    asked.add(route);
    for (const event of stream.events) checkEvent(content['text/event-stream'].schema, event);
    return stream;
  };

  /** Checks that events are those of the kind of job that a route submits. */
  const checkEventsOf = (route: string, events: StreamEvent[]): void => {
    const { post } = document['paths'][route.replace('POST ', '')];
    for (const event of events) checkEvent(post.responses['200'].content['text/event-stream'].schema, event);
  };
  return { stack, document, asked, ask, follow, checkEventsOf };
}
