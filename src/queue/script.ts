/** Lua scripts: each a file under scripts/, whose head names its keys, its arguments and what it returns. */
import { existsSync, readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { OwnError } from '../job/own-error.ts';
import { FIELDS } from './record.ts';

/** The names that a script's head and its caller must agree on, in the order of the head. */
export type Signature<Key extends string, Arg extends string> = { keys: readonly Key[]; args: readonly Arg[] };

/**
 * A call of a script, by names. `rest` goes after the named arguments, for scripts whose head ends in `...`.
 * Resolves with what the script returns, as ioredis reads it.
 */
export type Script<Key extends string, Arg extends string> = (
  values: { [K in Key]: string } & { [A in Arg]: string | number },
  rest?: readonly (string | number)[],
) => Promise<unknown>;

const FOLDER = new URL('scripts/', import.meta.url);

/**
 * Registers a script on a connection. Its text travels once, later calls send its hash. All keys must share a hash tag.
 * `folder`: where its file is.
 * @throws OwnError at load, if the names in the file's head are others than the caller's, or if the file can't be read as a script
 */
export function defineScript<const Key extends string, const Arg extends string>(
  redis: Redis,
  name: string,
  signature: Signature<Key, Arg>,
  folder = FOLDER,
): Script<Key, Arg> {
  const { keys, args } = signature;
  const { lua, head } = loadScript(name, folder);
  for (const [part, ours, theirs] of [['KEYS', keys, head.keys] as const, ['ARGV', args, head.args] as const]) {
    if (ours.join() !== theirs.join()) {
      throw new OwnError(`scripts/${name}.lua has the ${part} ${theirs.join(', ')}, and its caller ${ours.join(', ')}`);
    }
  }
  const command = `aiJobs:${name}`;
  redis.defineCommand(command, { lua, numberOfKeys: keys.length });
  const call = (redis as unknown as Record<string, (...values: (string | number)[]) => Promise<unknown>>)[command];
  if (!call) throw new OwnError(`ioredis did not define ${command}`);
  return (values, rest = []) => call.call(redis, ...[...keys, ...args].map((known) => values[known]), ...rest);
}

/** What a script's head declares. A name is a local variable of the script; `:number` after it reads it as one. */
type Head = { keys: string[]; args: string[] };

const HEAD = /^--\[\[\n[\s\S]*?\nKEYS:(?<keys>[^:]*)\nARGV:(?<args>[\s\S]*?)\nReturns:[\s\S]*?\]\]\n/;

/**
 * Reads a script: its head's names become local variables, `--include NAME` lines the files that they name, and
 * `FIELDS.name` that field's name in the job's record, as a string. `...` ends a head of arguments that go on:
 * `rest` is then the place of the first of them in ARGV.
 */
function loadScript(name: string, folder: URL): { lua: string; head: Head } {
  const file = `scripts/${name}.lua`;
  const text = read(name, folder);
  if (text === undefined) throw new OwnError(`${file} is not there`);
  const head = HEAD.exec(text)?.groups;
  if (!head) throw new OwnError(`${file} does not begin with a head that names KEYS, ARGV and what it Returns`);
  const keys = list(head['keys']);
  const entries = list(head['args']);
  const hasRest = entries.at(-1) === '...';
  const args = (hasRest ? entries.slice(0, -1) : entries).map((entry) => entry.replace(/:number$/, ''));
  const wrong = [...keys, ...args].find((known, index, all) => !/^[a-z]\w*$/i.test(known) || all.indexOf(known) !== index);
  if (wrong !== undefined) throw new OwnError(`${file} has a head with the name ${wrong}, which is no name or is there twice`);
  const locals = [
    declare(keys.map((key, index) => [key, `KEYS[${index + 1}]`])),
    declare(args.map((arg, index) => [arg, entries[index] === arg ? `ARGV[${index + 1}]` : `tonumber(ARGV[${index + 1}])`])),
    declare(hasRest ? [['rest', String(entries.length)]] : []),
  ];
  const body = text
    .replace(/^--include (\w+)$/gm, (_, part: string) => {
      const included = read(`include/${part}`, folder);
      if (included === undefined) throw new OwnError(`${file} includes ${part}, and scripts/include/${part}.lua is not there`);
      return included;
    })
    .replace(/\bFIELDS\.(\w+)/g, (_, field: string) => {
      if (!isField(field)) throw new OwnError(`${file} uses FIELDS.${field}, and record.ts has no such field`);
      return `'${FIELDS[field]}'`;
    });
  return { lua: [...locals, body].join('\n'), head: { keys, args } };
}

function isField(name: string): name is keyof typeof FIELDS {
  return Object.hasOwn(FIELDS, name);
}

function read(name: string, folder: URL): string | undefined {
  const file = new URL(`${name}.lua`, folder);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function list(names = ''): string[] {
  return names.split(',').flatMap((name) => name.trim() || []);
}

function declare(locals: [name: string, value: string][]): string {
  if (locals.length === 0) return '';
  return `local ${locals.map(([name]) => name).join(', ')} = ${locals.map(([, value]) => value).join(', ')}`;
}
