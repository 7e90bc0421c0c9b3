/** The commands of operators, as a table: what each asks the server. */

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** All options. */
export const FLAGS = {
  url: text,
  as: text,
  json: flag,
  yes: flag,
  help: flag,
  reason: text,
  until: text,
  state: text,
  kind: text,
  user: text,
  code: text,
  provider: text,
  since: text,
  type: text,
  limit: text,
  cursor: text,
  rate: text,
  block: flag,
  weight: text,
  'max-jobs': text,
  'cancel-running': flag,
} as const;

/** What was given of them. */
export type Flags = { [Name in keyof typeof FLAGS]?: (typeof FLAGS)[Name]['type'] extends 'string' ? string : boolean };

/** A request to the server. */
export type Request = {
  method?: string;
  path: string;
  query?: Record<string, string | undefined>;
  body?: Record<string, unknown>;
};

/** `request`: what it asks, or what is wrong with the words. `bulk`: it is a dry run, which can be started. */
type Command = { request: (words: string[], flags: Flags) => Request | string; bulk?: true };

const filterOf = ({ state, kind, user, code, provider, since, until }: Flags) => ({ state, kind, user, code, provider, since, until });

const list =
  (path: string): Command['request'] =>
  (_, { limit }) => ({ path, query: { limit } });

/** Of a scope and a name. */
const change =
  (path: string): Command['request'] =>
  ([scope, name], { reason, until }) => {
    if (scope !== 'all' && scope !== 'kind' && scope !== 'provider') return 'say what: all, kind NAME or provider NAME';
    if ((scope === 'all') !== (name === undefined)) return 'all has no name; a kind and a provider have one';
    return { method: 'POST', path, body: { scope, name, reason, until } };
  };

const many = (what: string): Command => ({
  bulk: true,
  request: (_, flags) => ({ method: 'POST', path: `/admin/jobs/${what}`, body: { dryRun: true, ...filterOf(flags) } }),
});

const ofWorker =
  (what: string): Command['request'] =>
  ([id], { reason }) =>
    id === undefined
      ? 'give the id of a worker, as `workers` lists it'
      : { method: 'POST', path: `/admin/workers/${encodeURIComponent(id)}/${what}`, body: { reason } };

function ofUser([id, how]: string[], flags: Flags): Request | string {
  if (id === undefined || (how !== undefined && how !== 'set')) return 'give the id of a user, and `set` to change something';
  const path = `/admin/users/${encodeURIComponent(id)}`;
  if (how === undefined) return { path };
  const number = (given: string | undefined) => (given === undefined ? undefined : Number(given));
  const { block, weight, until, reason } = flags;
  const terms = { blocked: block ?? false, weight: number(weight), maxJobs: number(flags['max-jobs']), until, reason };
  return { method: 'PUT', path, body: { ...terms, cancelRunning: flags['cancel-running'] } };
}

function replayOf([id]: string[]): Request | string {
  if (id === undefined) return 'give the id of a dead letter, as `dead-letters` lists it';
  return { method: 'POST', path: `/admin/dead-letters/${encodeURIComponent(id)}/replay` };
}

/** The commands by their names. */
export const commands: Readonly<Partial<Record<string, Command>>> = {
  pause: { request: change('/admin/pause') },
  resume: { request: change('/admin/resume') },
  errors: { request: list('/admin/errors') },
  jobs: { request: (_, flags) => ({ path: '/admin/jobs', query: { ...filterOf(flags), limit: flags.limit, cursor: flags.cursor } }) },
  job: { request: ([id]) => (id === undefined ? 'give the id of a job' : { path: `/admin/jobs/${encodeURIComponent(id)}` }) },
  'dead-letters': { request: (_, { limit, type, cursor }) => ({ path: '/admin/dead-letters', query: { type, limit, cursor } }) },
  replay: { request: replayOf },
  retry: many('retry'),
  cancel: many('cancel'),
  purge: many('purge'),
  run: { request: ([id]) => (id === undefined ? 'give the id of a run' : { path: `/admin/runs/${encodeURIComponent(id)}` }) },
  users: { request: ofUser },
  workers: { request: list('/admin/workers') },
  quiet: { request: ofWorker('quiet') },
  unquiet: { request: ofWorker('unquiet') },
  actions: { request: list('/admin/actions') },
};

/** What `--help` prints. */
export const HELP = `npm run admin -- COMMAND [--url https://your.api] [--as NAME] [--json]

  pause all|kind NAME|provider NAME [--reason TEXT] [--until TIME]
  resume all|kind NAME|provider NAME
  errors                        what goes wrong
  jobs [FILTER] [--limit N] [--cursor TEXT]
  job ID                        one job's life
  dead-letters [--type delivery|archive|job] [--limit N] [--cursor TEXT]
                                what will not be tried again by itself
  replay ID                     tries one of them again
  retry|cancel|purge [FILTER] [--yes] [--rate N] [--reason TEXT]
                                says how many and what they cost, asks, and follows it
  run ID                        how far it is
  users ID [set [--block] [--weight N] [--max-jobs N] [--until TIME] [--reason TEXT] [--cancel-running]]
                                set without options takes all back
  workers                       quiet ID and unquiet ID: takes no more jobs, or goes on
  actions [--limit N]           what operators have done

FILTER: --state --kind --user --code --provider --since 1h --until TIME
The token is ADMIN_TOKEN, or of ADMIN_TOKENS the first one or that of --as, from the environment or .env.
Ends with 0; 1 where the server refuses; 2 where the command is not understood; 3 where it was not to be started.
`;
