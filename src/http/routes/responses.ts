/** OpenAI's Responses over jobs: what the openai SDK calls, without a change of the SDK. */
import { Hono, type Context } from 'hono';
import { responseId } from '../../job/response.ts';
import type { Snapshot } from '../../job/snapshot.ts';
import type { Framing } from '../../stream/framing.ts';
import { STREAM_HEADERS } from '../../stream/response.ts';
import { answer, answerJson } from '../answer.ts';
import { holding } from '../answer-stream.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { ErasureTurns } from '../erasure-turns.ts';
import { RequestFault } from '../openai-error.ts';
import { pageOf } from '../openai-list.ts';
import { noSuchJob } from '../problems.ts';
import { awaitedResponse, responseStream, responseView } from '../response-framings.ts';
import { findResponse } from '../response-jobs.ts';
import { messageId, toResponse } from '../response-object.ts';
import type { Hold } from '../shares.ts';
import { submitResponse } from '../submit-response.ts';

/** How long a client should wait before it asks for an unfinished Response again, in ms. */
const POLL_MS = '2000';

/** Every route under `/v1`. */
export function responseRoutes(deps: AppDeps): Hono<AppEnv> {
  const turns = new ErasureTurns(deps.eraser, deps.shares.reads);
  const app = new Hono<AppEnv>();
  app.post('/v1/responses', (c) => create(c, deps));
  app.get('/v1/responses/:responseId', (c) => retrieve(c, deps));
  app.post('/v1/responses/:responseId/cancel', (c) => cancel(c, deps));
  app.get('/v1/responses/:responseId/input_items', (c) => listInput(c, deps));
  app.delete('/v1/responses/:responseId', async (c) => {
    const { snapshot } = await findResponse(c, deps);
    await turns.erase(c.get('holder'), snapshot);
    return answerJson(c, { id: responseId(snapshot.id), object: 'response', deleted: true }, 200);
  });
  app.get('/v1/models', async (c) => answerJson(c, { object: 'list', data: await modelsOf(deps) }, 200));
  app.get('/v1/models/:model', async (c) => {
    const model = (await modelsOf(deps)).find(({ id }) => id === c.req.param('model'));
    if (!model) throw new RequestFault('model_not_found', 'model', 'There is no such model; GET /v1/models lists what there is.');
    return answerJson(c, model, 200);
  });
  return app;
}

/** Answers with the queued Response, with its stream, or, once it is finished, with the Response. */
async function create(c: Context<AppEnv>, deps: AppDeps): Promise<Response> {
  const { jobId, request, place } = await submitResponse(c, deps);
  try {
    const { stream, terms } = request;
    if (place) return await follow(c, deps, { jobId, place, cursor: -1, framing: stream ? responseStream(terms) : awaitedResponse(terms) });
    const seen = await deps.queue.read(jobId, 0);
    if (!seen) throw noSuchJob();
    return answerJson(c, toResponse(responseView(seen, terms)), 200, pollHeader(seen.snapshot));
  } catch (error) {
    place?.release();
    throw error;
  }
}

async function retrieve(c: Context<AppEnv, '/v1/responses/:responseId'>, deps: AppDeps): Promise<Response> {
  const cursor = cursorOf(c.req.query('starting_after'));
  const { terms, ...seen } = await findResponse(c, deps);
  if (c.req.query('stream') !== 'true') return answerJson(c, toResponse(responseView(seen, terms)), 200, pollHeader(seen.snapshot));
  const place = deps.shares.streams.hold(c.get('holder'), 1);
  try {
    return await follow(c, deps, { jobId: seen.snapshot.id, place, cursor, framing: responseStream(terms) });
  } catch (error) {
    place.release();
    throw error;
  }
}

type Follow = { jobId: string; place: Hold; cursor: number; framing: Framing };

/** Follows a job in a framing. Whoever has all of an ended one gets an empty stream. */
async function follow(c: Context<AppEnv>, deps: AppDeps, { jobId, place, cursor, framing }: Follow): Promise<Response> {
  const following = await deps.feed.follow(jobId, cursor, framing);
  if (!following) throw noSuchJob();
  const isStream = framing.name === 'response-stream';
  const headers = isStream ? STREAM_HEADERS : { ...STREAM_HEADERS, 'Content-Type': 'application/json' };
  try {
    if (following.unknown) {
      throw new RequestFault(
        'invalid_value',
        'starting_after',
        'The response has no event of that number; begin again without starting_after.',
      );
    }
    if (following.over || c.req.method === 'HEAD') {
      following.stop();
      place.release();
      return answer(c, 200, '', headers);
    }
    c.set('waits', true);
    const head = answer(c, 200, null, headers);
    return deps.transport(
      c.env,
      head,
      holding(place, (sink) => {
        sink.write(framing.ping); // the headers go out at once
        following.feed(sink, isStream ? 'job' : 'wait');
        return following.stop;
      }),
    );
  } catch (error) {
    following.stop();
    throw error;
  }
}

/** @throws RequestFault if the number is none */
function cursorOf(text: string | undefined): number {
  if (text === undefined || text === '') return -1;
  if (!/^\d{1,15}$/.test(text)) throw new RequestFault('invalid_value', 'starting_after', 'starting_after must be the number of an event.');
  return Number(text);
}

function pollHeader({ end }: Pick<Snapshot, 'end'>): Record<string, string> {
  return end ? {} : { 'openai-poll-after-ms': POLL_MS };
}

/** 200, also for one that is cancelled already; 400, which no client repeats, if it ended otherwise. */
async function cancel(c: Context<AppEnv, '/v1/responses/:responseId/cancel'>, deps: AppDeps): Promise<Response> {
  const { terms, snapshot } = await findResponse(c, deps);
  const { id: jobId } = snapshot;
  if ((await deps.queue.cancel(jobId)) === 'cancelled') deps.log.info({ jobId, requestId: c.get('requestId') }, 'job cancelled');
  const after = (await deps.queue.read(jobId, 0)) ?? (snapshot.end && { snapshot, rows: [] });
  if (!after) throw noSuchJob();
  const { status } = after.snapshot;
  if (status !== 'cancelled') throw new RequestFault(null, null, `Cannot cancel a ${status} response.`);
  return answerJson(c, toResponse(responseView(after, terms)), 200);
}

/** The input as it was sent, without files; by default the last item first. */
async function listInput(c: Context<AppEnv, '/v1/responses/:responseId/input_items'>, deps: AppDeps): Promise<Response> {
  const { terms, snapshot } = await findResponse(c, deps);
  const items = (terms.echo.input ?? []).map((item, index) => ({ id: `${messageId(snapshot.id)}_${index}`, ...item }));
  return answerJson(c, pageOf(c.req.query('order') === 'asc' ? items : items.toReversed(), c.req.query()), 200);
}

/** The kinds that some worker can do, or may be able to. */
async function modelsOf({ kinds, queue }: Pick<AppDeps, 'kinds' | 'queue'>) {
  const all = await Promise.all(
    kinds.map(async ({ name, models, example }) => ({ name, models, seen: await queue.availability(name, example.input) })),
  );
  const on = all.filter(({ seen }) => seen.type !== 'unavailable');
  const ids = on.flatMap(({ name, models = [name] }) => models);
  return ids.map((id) => ({ id, object: 'model', created: 0, owned_by: 'ai-jobs' }));
}
