/** Webhook endpoints, as the openai SDK manages them: `client.webhooks`. */
import { Hono, type Context } from 'hono';
import { z } from 'zod';
import { ProblemError } from '../../job/problem.ts';
import {
  type EndpointTerms,
  MAX_ENDPOINTS,
  type ResponseEventType,
  type WebhookEndpoint,
  type WebhookEndpoints,
} from '../../notifications/webhook-endpoints.ts';
import { answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import { checkCoding } from '../body.ts';
import type { AppEnv } from '../context.ts';
import { receiveJson } from '../json-body.ts';
import { webhooksOff } from '../notification-targets.ts';
import { RequestFault } from '../openai-error.ts';
import { pageOf } from '../openai-list.ts';
import { unauthorized } from '../problems.ts';
import { checkedUrl } from '../response-targets.ts';

/** The events that there are. */
const EVENTS = [
  'response.completed',
  'response.failed',
  'response.cancelled',
  'response.incomplete',
] as const satisfies ResponseEventType[];

const terms = z.object({
  name: z.string().min(1).max(256),
  url: z.string(),
  event_types: z.array(z.enum(EVENTS)).min(1),
});
const changes = terms.partial();
const rotation = z.object({ keep_old_secret_active_for_24_hours: z.boolean().nullish() });

/** The longest body, in bytes. */
const MAX_BODY = 16_384;

/** The routes of `/v1/webhook_endpoints`, and the list of what they can hear of. */
export function webhookEndpointRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/v1/webhook_event_types', (c) => answerJson(c, { object: 'list', data: EVENTS }));
  app.post('/v1/webhook_endpoints', async (c) => {
    const { owner, endpoints } = endpointsFor(c, deps);
    const made = await endpoints.create(owner, toTerms(await bodyOf(c, deps, terms), deps) as EndpointTerms);
    if (!made)
      throw new RequestFault(
        'invalid_value',
        null,
        `A user has at most ${MAX_ENDPOINTS} webhook endpoints; delete one that is not needed.`,
      );
    return answerWithSecret(c, endpoints, { owner, endpoint: made });
  });
  app.get('/v1/webhook_endpoints', async (c) => {
    const { owner, endpoints } = endpointsFor(c, deps);
    const all = await Promise.all((await endpoints.of(owner)).map((endpoint) => present(endpoints, { owner, endpoint })));
    return answerJson(c, pageOf(all, c.req.query()));
  });
  app.get('/v1/webhook_endpoints/:endpointId', async (c) => {
    const { owner, endpoints } = endpointsFor(c, deps);
    return answerJson(c, await present(endpoints, { owner, endpoint: orMissing(await endpoints.find(owner, c.req.param('endpointId'))) }));
  });
  app.post('/v1/webhook_endpoints/:endpointId', async (c) => {
    const { owner, endpoints } = endpointsFor(c, deps);
    const said = toTerms(await bodyOf(c, deps, changes), deps);
    const changed = orMissing(await endpoints.update(owner, c.req.param('endpointId'), said));
    return answerJson(c, await present(endpoints, { owner, endpoint: changed }));
  });
  app.post('/v1/webhook_endpoints/:endpointId/rotate_secret', async (c) => {
    const { owner, endpoints } = endpointsFor(c, deps);
    const { keep_old_secret_active_for_24_hours: overlap } = await bodyOf(c, deps, rotation);
    const rotated = orMissing(await endpoints.rotate(owner, c.req.param('endpointId'), overlap === true));
    return answerWithSecret(c, endpoints, { owner, endpoint: rotated });
  });
  app.delete('/v1/webhook_endpoints/:endpointId', async (c) => {
    const { owner, endpoints } = endpointsFor(c, deps);
    const id = c.req.param('endpointId');
    if (!(await endpoints.remove(owner, id))) throw missing();
    return answerJson(c, { id, object: 'webhook_endpoint.deleted', deleted: true });
  });
  return app;
}

function endpointsFor(c: Context<AppEnv>, { identity, notifications }: AppDeps): { owner: string; endpoints: WebhookEndpoints } {
  const owner = c.get('user');
  if (owner === undefined) throw unauthorized(identity);
  if (!notifications.endpoints) throw webhooksOff();
  return { owner, endpoints: notifications.endpoints };
}

/** The body of a request, as a schema has it. */
async function bodyOf<Shape extends z.ZodRawShape>(c: Context<AppEnv>, deps: AppDeps, schema: z.ZodObject<Shape>) {
  checkCoding(c.req.header('content-encoding'));
  const result = schema.safeParse(await receiveJson(c, deps, MAX_BODY));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const param = issue?.path.map(String).join('.') || null;
  throw new RequestFault('invalid_value', param, `${param === null ? 'The body' : `'${param}'`}: ${issue?.message ?? 'is wrong'}.`);
}

/** What is said of an endpoint; what is absent stays absent. */
function toTerms({ name, url, event_types: events }: z.infer<typeof changes>, { notifications }: AppDeps): Partial<EndpointTerms> {
  return {
    ...(name !== undefined && { name }),
    ...(url !== undefined && { url: checkedUrl(url, 'url', notifications) }),
    ...(events !== undefined && { events: [...new Set(events)] }),
  };
}

type Owned = { owner: string; endpoint: WebhookEndpoint };

/** The endpoint as it is shown. Of its secret the last four signs are. */
async function present(endpoints: WebhookEndpoints, { owner, endpoint }: Owned): Promise<object> {
  const { id, name, url, events, createdAt, updatedAt } = endpoint;
  const secret = await endpoints.secretOf(owner, endpoint);
  return {
    id,
    object: 'webhook_endpoint',
    name,
    url,
    event_types: events,
    created_at: Math.floor(createdAt / 1000),
    updated_at: Math.floor(updatedAt / 1000),
    signing_secret_hint: `whsec_…${secret.slice(-4)}`,
  };
}

/** The endpoint with its secret, this once. No store keeps it, not even the browser's own. */
async function answerWithSecret(c: Context<AppEnv>, endpoints: WebhookEndpoints, owned: Owned): Promise<Response> {
  const signing_secret = await endpoints.secretOf(owned.owner, owned.endpoint);
  return answerJson(c, { ...(await present(endpoints, owned)), signing_secret }, 200, { 'Cache-Control': 'no-store' });
}

function orMissing(endpoint: WebhookEndpoint | undefined): WebhookEndpoint {
  if (!endpoint) throw missing();
  return endpoint;
}

function missing(): ProblemError {
  return new ProblemError('job_not_found', 'There is no webhook endpoint of this id.');
}
