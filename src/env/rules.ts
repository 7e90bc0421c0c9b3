/** Rules about several variables together. */
import { kinds } from '../kinds/index.ts';
import type { Kind } from '../kinds/kind.ts';
import { operatorList } from './operator-list.ts';
import { NAMING, providerVariable, type VendorVariables } from './vendors.ts';

/** Which process reads the environment: some variables are needed by one of them only. */
export type Role = 'api' | 'worker';

/**
 * Secrets that allow to act on all users' jobs. The length of secrets that sign is in the schema,
 * for development, too.
 */
const OPERATOR_SECRETS = ['ADMIN_TOKEN', 'SUPABASE_WEBHOOK_SECRET'];
const SECRET_LENGTH = 16;
const WHY_SO_LONG = 'since who guesses it may do anything; openssl rand -hex 32 makes one';

/** What is about an address with TLS only. */
const OF_TLS = ['REDIS_TLS_CA', 'REDIS_TLS_REJECT_UNAUTHORIZED'];

/** Says what is missing: mostly variables without which production refuses to start. */
export function missing(env: Record<string, string | undefined>, role: Role, vendors: readonly VendorVariables[]): string[] {
  const production = env['NODE_ENV'] === 'production';
  const isSet = ({ keys }: VendorVariables) => keys.some((key) => env[key] !== undefined);
  const named = NAMING.flatMap((variable) => {
    const vendor = vendors.find(({ name }) => name === env[variable]);
    return vendor ? [{ variable, vendor }] : [];
  });
  const writers = vendors.filter(({ writes }) => writes);
  const always = writers.find(({ keys }) => keys.length === 0);
  const unsaid = kinds.filter((kind: Kind) => isDoneBy(kind, always?.name) && env[providerVariable(kind)] === undefined);
  const key = writers.find(({ keys }) => keys.length > 0)?.keys[0];
  const rules: [broken: boolean, mistake: string][] = [
    [
      env['REDIS_URL'] === undefined,
      'REDIS_URL: expected redis://HOST:PORT (npm start alone brings an embedded store, for one machine and without memory)',
    ],
    ...OF_TLS.map((variable): [boolean, string] => [
      env[variable] !== undefined && env['REDIS_URL'] !== undefined && !env['REDIS_URL'].startsWith('rediss'),
      `${variable}: expected REDIS_URL to begin with rediss, since only such an address is encrypted`,
    ]),
    [
      role === 'api' && production && env['SUPABASE_URL'] === undefined && env['AUTH'] !== 'trusted-header' && env['AUTH'] !== 'supabase',
      'AUTH: in production expected SUPABASE_URL, or trusted-header, which says that a gateway in front sets the user-id header and lets no client set it',
    ],
    [role === 'api' && production && env['SUPABASE_URL'] !== undefined && env['AUTH'] === 'none', 'AUTH: none is not for production'],
    [
      role === 'api' && env['AUTH'] === 'supabase' && env['SUPABASE_URL'] === undefined,
      "SUPABASE_URL: expected the project's address, since AUTH is supabase",
    ],
    ...OPERATOR_SECRETS.map((variable): [boolean, string] => [
      role === 'api' && production && env[variable] !== undefined && env[variable].length < SECRET_LENGTH,
      `${variable}: in production expected ${SECRET_LENGTH} characters at least, ${WHY_SO_LONG}`,
    ]),
    [
      role === 'api' && production && hasShortSecret(env['ADMIN_TOKENS']),
      `ADMIN_TOKENS: in production expected ${SECRET_LENGTH} characters at least for each secret, ${WHY_SO_LONG}`,
    ],
    ...named.map(({ variable, vendor }): [boolean, string] => [
      vendor.keys.length > 0 && !isSet(vendor),
      `${vendor.keys[0]}: expected a key, since ${variable} is ${vendor.name}`,
    ]),
    [
      production && key !== undefined && env['AI_PROVIDER'] === undefined && unsaid.length > 0 && !writers.some(isSet),
      `${key}: in production expected a key, or AI_PROVIDER=${always?.name} to say outright that no model is to be used`,
    ],
  ];
  return rules.filter(([broken]) => broken).map(([, mistake]) => mistake);
}

/** Whether an operator has a secret that can be guessed. What can't be read is another mistake. */
function hasShortSecret(operators: string | undefined): boolean {
  return operatorList.safeParse(operators ?? '').data?.some(({ secret }) => secret.length < SECRET_LENGTH) ?? false;
}

/** Whether this vendor does a kind where no vendor has a key. */
function isDoneBy({ withoutKey }: Kind, vendor: string | undefined): boolean {
  return withoutKey !== 'nobody' && withoutKey.vendor === vendor;
}
