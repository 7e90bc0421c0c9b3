/** Lua scripts: each a file under scripts/, whose head names its keys, its arguments and what it returns. */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { OwnError } from '../job/own-error.ts';

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
 * @throws OwnError at load, if the names in the file's head are others than the caller's
 */
export function defineScript<const Key extends string, const Arg extends string>(
  redis: Redis,
  name: string,
  signature: Signature<Key, Arg>,
): Script<Key, Arg> {
  const { keys, args } = signature;
  const { lua, head } = loadScript(name);
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

/** Reads a script: its head's names become local variables, and `--include NAME` lines the files that they name. */
function loadScript(name: string): { lua: string; head: Head } {
  const text = read(name);
  const head = /^--\[\[\n[\s\S]*?\nKEYS:(?<keys>[^:]*)\nARGV:(?<args>[\s\S]*?)\nReturns:[\s\S]*?\]\]\n/.exec(text)?.groups;
  if (!head) throw new OwnError(`scripts/${name}.lua does not begin with a head that names KEYS, ARGV and what it Returns`);
  const keys = list(head['keys']);
  const args = list(head['args']).map((entry) => entry.split(':'));
  const named = args.filter(([arg]) => arg !== '...');
  const locals = [
    declare(keys.map((key, index) => [key, `KEYS[${index + 1}]`])),
    declare(named.map(([arg = '', type], index) => [arg, type === 'number' ? `tonumber(ARGV[${index + 1}])` : `ARGV[${index + 1}]`])),
    declare(args.length > named.length ? [['rest', String(args.length)]] : []),
  ];
  const body = text.replace(/^--include (\w+)$/gm, (_, file: string) => read(`include/${file}`));
  return { lua: [...locals, body].join('\n'), head: { keys, args: named.map(([arg = '']) => arg) } };
}

function read(name: string): string {
  return readFileSync(new URL(`${name}.lua`, FOLDER), 'utf8');
}

function list(names = ''): string[] {
  return names.split(',').flatMap((name) => name.trim() || []);
}

function declare(locals: [name: string, value: string][]): string {
  if (locals.length === 0) return '';
  return `local ${locals.map(([name]) => name).join(', ')} = ${locals.map(([, value]) => value).join(', ')}`;
}
