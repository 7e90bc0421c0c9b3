/** Who may call, as security schemes and requirements. */

/** The schemes. */
export const securitySchemes = {
  session: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The access token of a session of the Supabase project, where users are identified by it (`AUTH=supabase`).',
  },
  userId: {
    type: 'apiKey',
    in: 'header',
    name: 'user-id',
    description:
      'The id of the user: 1 to 256 visible characters. A gateway sets it (`AUTH=trusted-header`). In development it is believed as it comes, and a request may be without one.',
  },
  jobToken: {
    type: 'apiKey',
    in: 'query',
    name: 'token',
    description:
      'The token in the addresses of a Job. It allows reading this one job, for clients that can send no headers, such as EventSource. A valid token is enough, whatever else the request says of its user. Take the addresses as the Job gives them.',
  },
  operator: { type: 'http', scheme: 'bearer', description: 'The token of an operator: the `ADMIN_TOKEN`, or a secret of `ADMIN_TOKENS`.' },
  database: { type: 'http', scheme: 'bearer', description: 'The `SUPABASE_WEBHOOK_SECRET`, which the webhook of the database sends.' },
} as const;

type Scheme = keyof typeof securitySchemes;

/**
 * The ways to call, by who may. An empty one stands for a request that names nobody, which
 * development allows.
 */
const requirements = {
  anyone: [],
  owner: [['session'], ['userId'], []],
  reader: [['session'], ['userId'], ['jobToken'], []],
  user: [['session'], ['userId']],
  operator: [['operator']],
  database: [['database']],
} as const satisfies Record<string, readonly (readonly Scheme[])[]>;

/** Who may call a route. */
export type RouteAccess = keyof typeof requirements;

/** The Security Requirement Objects of a route. */
export function requirementsFor(access: RouteAccess): Record<string, string[]>[] {
  return requirements[access].map((schemes) => Object.fromEntries(schemes.map((scheme) => [scheme, []])));
}
