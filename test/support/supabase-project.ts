/** A whole Supabase project for one test: Auth, REST and Storage of @supabase/lite, on a database of the test's own. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createAdaptorServer } from '@hono/node-server';
import type { App, Connection } from '@supabase/lite';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import postgres from 'postgres';
import { inject, onTestFinished } from 'vitest';
import { freePort } from './ports.ts';
import { createFilesInMemory } from './supabase-files.ts';
import { createHosted } from './supabase-hosted.ts';

/** Runs SQL as superuser, past all policies; several statements at once where there are no values. */
export type Sql = (text: string, values?: any[]) => Promise<Record<string, any>[]>;

/** Says what a request gets in place of the project's answer; undefined leaves it to the project. */
export type Answer = (request: Request) => Response | undefined | Promise<Response | undefined>;

/** A user of the project. */
export type User = {
  id: string;
  /** The access token of the session that the sign-up began. */
  token: string;
  /** As the user's app has it: with the publishable key and that session. */
  client: SupabaseClient;
};

/** A project that runs until the test is over. */
export type SupabaseProject = {
  url: string;
  /** What our processes are started with to use the project. */
  env: { SUPABASE_URL: string; SUPABASE_PUBLISHABLE_KEY: string; SUPABASE_SECRET_KEY: string };
  publishableKey: string;
  secretKey: string;
  /** With the secret key. */
  service: SupabaseClient;
  sql: Sql;
  signUp(email?: string): Promise<User>;
  /** With all that hangs on the user in the database. Files stay. */
  deleteUser(id: string): Promise<void>;
  /** Signs with a new key from now on. Those before stay published. */
  rotate(): Promise<void>;
  /** Cuts all connections and refuses new ones. The data stays. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
  /** From now on requests are shown to this first; undefined ends it. */
  answer(first: Answer | undefined): void;
  /** All requests so far, also those that `answer` took. */
  requests: { method: string; path: string }[];
};

const publishableKey = `sb_publishable_${randomBytes(16).toString('hex')}`;
const secretKey = `sb_secret_${randomBytes(16).toString('hex')}`;
const secret = randomBytes(32).toString('hex');

/** Starts a project with our migrations. Without `ranges`, Storage answers a range with the whole file. */
export async function startSupabase({ ranges = true }: { ranges?: boolean } = {}): Promise<SupabaseProject> {
  const { app, sql } = await createDatabase();
  // At its first query lite grants everything to every role, in each schema with policies. It comes before the migrations, which
  // have the last word then, over what a hosted project grants by itself.
  await app.fetch(new Request('http://localhost/storage/v1/bucket', { headers: { apikey: secretKey } }));
  await sql('alter default privileges in schema public grant all on tables to anon, authenticated, service_role');
  await pushMigrations(sql);
  await app.connection.clearSchemaCache();

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const hosted = await createHosted({ url, secret, ranges, lite: (request) => app.fetch(request) });
  const requests: SupabaseProject['requests'] = [];
  let first: Answer | undefined;
  const server = createAdaptorServer({
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      requests.push({ method: request.method, path: pathname + search });
      return (await first?.(request.clone())) ?? hosted.respond(request);
    },
  });
  const start = async (): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
    await closed;
  };
  await start();
  onTestFinished(stop);

  const client = (key: string) =>
    createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false }, db: { retry: false } });
  return {
    url,
    env: { SUPABASE_URL: url, SUPABASE_PUBLISHABLE_KEY: publishableKey, SUPABASE_SECRET_KEY: secretKey },
    publishableKey,
    secretKey,
    service: client(secretKey),
    sql,
    async signUp(email = `${crypto.randomUUID()}@example.com`) {
      const own = client(publishableKey);
      const { data, error } = await own.auth.signUp({ email, password: crypto.randomUUID() });
      if (error || !data.session) throw new Error(`no sign-up: ${error?.message}`);
      return { id: data.session.user.id, token: data.session.access_token, client: own };
    },
    async deleteUser(id) {
      await sql('delete from auth.users where id = $1', [id]);
    },
    rotate: hosted.rotate,
    stop,
    start,
    answer: (wanted) => void (first = wanted),
    requests,
  };
}

/** A database as a new project has it, without our migrations; it is closed with the test. */
export async function createDatabase(): Promise<{ app: App; sql: Sql }> {
  process.env['DO_NOT_TRACK'] = '1'; // before lite is loaded
  const { emitWarning } = process;
  const { App, setExperimental } = await import('@supabase/lite');
  const { connection, sql, close } = inject('postgresUrl') === '' ? await openPglite() : await openPostgres(inject('postgresUrl'));
  process.emitWarning = emitWarning; // lite's own fails at warnings that are no strings
  onTestFinished(close);
  connection.normalizeDbError = withItsCode;
  setExperimental('storage', true);
  const auth = { enabled: true, jwt_secret: secret, publishable_key: publishableKey, secret_key: secretKey };
  const app = new App({
    connection,
    auth: { ...auth, enable_signup: true, email: { enable_signup: true, enable_confirmations: false } },
    storage: { enabled: true },
    options: { server: { admin: false } },
  });
  app._storageAdapter = createFilesInMemory();
  await app.ensureSystemSchema();
  const roles = { anon: 'nologin', authenticated: 'nologin', service_role: 'nologin bypassrls' };
  const create = Object.entries(roles).map(
    ([name, rights]) => `begin create role ${name} ${rights}; exception when duplicate_object or unique_violation then null; end;`,
  );
  await sql(`do $$ begin ${create.join(' ')} end $$`); // all databases of the server share them
  return { app, sql };
}

/** An error of the database as PostgREST tells it. lite keeps the SQLSTATE of some classes; others it lets through only in this form. */
function withItsCode(error: any): unknown {
  const { code = '', message, detail = null, hint = null } = error;
  if (!/^(23|40|54|57|58|XX)/.test(code) || ['23502', '23503', '23505'].includes(code)) return error;
  const told = { code, message, details: detail, hint };
  const status = code.startsWith('23') ? 400 : 500;
  return Object.assign(error, { code: 'PGRST', message: JSON.stringify(told), detail: JSON.stringify({ status, headers: {} }) });
}

/** The type's number in pg_type. */
const TIMESTAMPTZ = 1184;

/** As PostgREST writes it. */
const parseTimestamp = (text: string): string => text.replace(' ', 'T').replace(/[+-]\d\d$/, '$&:00');

type Opened = { connection: Connection; sql: Sql; close(): Promise<void> };

async function openPostgres(server: string): Promise<Opened> {
  const { createPostgresConnection } = await import('@supabase/lite/postgres');
  const quiet = { onnotice() {} };
  const url = new URL(server);
  url.pathname = `/test_${randomBytes(8).toString('hex')}`;
  const admin = postgres(server, { ...quiet, max: 1 });
  await admin.unsafe(`create database ${url.pathname.slice(1)}`); // it goes with the server
  await admin.end();
  const superuser = postgres(url.href, { ...quiet, max: 2 });
  const types = { timestamptz: { to: TIMESTAMPTZ, from: [TIMESTAMPTZ], serialize: (text: string) => text, parse: parseTimestamp } };
  const connection = createPostgresConnection({ url: url.href, postgresOptions: { ...quiet, max: 5, types } });
  return {
    connection,
    sql: async (text, values) => (values === undefined ? superuser.unsafe(text) : superuser.unsafe(text, values)),
    async close() {
      await Promise.all([superuser.end(), connection.close()]);
    },
  };
}

/** Without PostgreSQL: slower, and in this process. */
async function openPglite(): Promise<Opened> {
  const { createPgliteConnection } = await import('@supabase/lite/pglite').catch((cause: unknown) => {
    throw new Error('tests with Supabase need PostgreSQL: install the package postgresql (apt-get install postgresql)', { cause });
  });
  const connection = await createPgliteConnection({ pgliteOptions: { parsers: { [TIMESTAMPTZ]: parseTimestamp } } });
  return {
    connection,
    async sql(text, values) {
      if (values !== undefined) return (await connection.driver.query<Record<string, any>>(text, values)).rows;
      return (await connection.driver.exec(text)).at(-1)?.rows ?? [];
    },
    close: () => connection.close(),
  };
}

/** One file of supabase/migrations. */
export type Migration = { version: string; name: string; text: string };

/** All migrations, in order. */
export async function readMigrations(): Promise<Migration[]> {
  const folder = new URL('../../supabase/migrations/', import.meta.url);
  const files = (await readdir(folder)).toSorted();
  return Promise.all(
    files.map(async (file) => {
      const [, version = '', name = ''] = /^(\d+)_(.*)\.sql$/.exec(file) ?? [];
      return { version, name, text: await readFile(new URL(file, folder), 'utf8') };
    }),
  );
}

/** Applies those that the database does not have, each in one transaction with its record, as `supabase db push` does; returns them. */
export async function pushMigrations(sql: Sql): Promise<Migration[]> {
  await sql(`create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (version text primary key, statements text[], name text)`);
  const applied = new Set((await sql('select version from supabase_migrations.schema_migrations')).map(({ version }) => version));
  const pending = (await readMigrations()).filter(({ version }) => !applied.has(version));
  for (const { version, name, text } of pending) {
    const record = `values ('${version}', '${name}', array[$migration$${text}$migration$])`;
    await sql(`${text};\ninsert into supabase_migrations.schema_migrations (version, name, statements) ${record}`);
  }
  return pending;
}
