/**
 * The OpenAPI document (3.1), assembled over the kinds and the table of problems. A test compares
 * its routes with those of the app.
 */
import type { Kind } from '../kinds/kind.ts';
import type { JsonSchema } from '../kinds/public-schema.ts';
import { aiSdkRouteDescriptions } from './ai-sdk-routes.ts';
import { adminSchemas } from './admin-schemas.ts';
import { CONTRACT_VERSION } from './contract-version.ts';
import { eventSchemas } from './event-schemas.ts';
import { headers } from './headers.ts';
import { jobRouteDescriptions } from './job-routes.ts';
import { jobSchemas } from './job-schemas.ts';
import { kindSchemas } from './kind-schemas.ts';
import { notificationRouteDescriptions } from './notification-routes.ts';
import { notificationSchemas } from './notification-schemas.ts';
import { placeOf, refusalsOf, type RouteDescription, toOperation } from './operation.ts';
import { parameters } from './parameters.ts';
import { sharedAnswers } from './problem-answers.ts';
import { securitySchemes } from './security.ts';
import { operatorRouteDescriptions } from './operator-routes.ts';
import { serviceRouteDescriptions } from './service-routes.ts';
import { responseRouteDescriptions, responseSchemas } from './response-routes.ts';
import { watchRouteDescriptions } from './watch-routes.ts';
import { serviceSchemas } from './service-schemas.ts';
import { submitRouteDescription } from './submit-routes.ts';
import { tagObjects } from './tags.ts';
import { webhookEndpointRouteDescriptions, webhookEndpointSchemas } from './webhook-endpoint-routes.ts';
import { webhooks } from './webhooks.ts';

const DESCRIPTION = `Slow AI work as jobs that a phone can watch. A submission is answered at once with a job's addresses; what the job makes comes
piece by piece as Server-Sent Events, and the same job can be read as JSON.

- Addresses in answers are relative to this origin. A field that has no value is absent, never null. Times are in UTC (RFC 3339).
- Ignore fields, events and codes that you do not know: there may be more later. The set of statuses is closed.
- Errors are \`application/problem+json\` (RFC 9457). \`GET /problems/{code}\` says what a code means. An address that does not exist is 404 \`not_found\`,
  and one that takes other methods is 405 \`method_not_allowed\`, with \`Allow\`.
- Each answer has an \`x-request-id\`. JSON answers have \`Cache-Control: private, no-cache\`, and errors \`no-store\`.
- Each GET route answers HEAD, too. OPTIONS is answered for pages of other origins (CORS).
- Who calls is told by the access token of a session, or by the \`user-id\` header that a gateway sets. In development a request may name nobody.`;

/** Makes the document. */
export function createDocument(kinds: readonly Kind[]): JsonSchema {
  const routes = [
    ...kinds.map(submitRouteDescription),
    ...jobRouteDescriptions(kinds),
    ...watchRouteDescriptions(kinds),
    ...aiSdkRouteDescriptions(kinds),
    ...notificationRouteDescriptions,
    ...responseRouteDescriptions,
    ...webhookEndpointRouteDescriptions,
    ...serviceRouteDescriptions(kinds),
    ...operatorRouteDescriptions,
  ];
  return {
    openapi: '3.1.1',
    info: { title: 'ai-jobs', version: CONTRACT_VERSION, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    tags: tagObjects,
    paths: toPaths(routes),
    webhooks,
    components: {
      schemas: {
        ...jobSchemas,
        ...kindSchemas(kinds),
        ...eventSchemas,
        ...notificationSchemas,
        ...serviceSchemas,
        ...adminSchemas,
        ...responseSchemas,
        ...webhookEndpointSchemas,
      },
      parameters,
      headers,
      ...sharedAnswers(routes.map(refusalsOf)),
      securitySchemes,
    },
  };
}

function toPaths(routes: readonly RouteDescription[]): JsonSchema {
  const paths: Record<string, JsonSchema> = {};
  for (const route of routes) {
    const { path, method } = placeOf(route);
    paths[path] = { ...paths[path], [method]: toOperation(route) };
  }
  return paths;
}
