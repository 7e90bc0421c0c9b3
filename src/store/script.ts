/**
 * Lua scripts: each a file in its owner's folder scripts/. Its head names its keys, its
 * arguments and what it returns, and by `Writes:` the fields of a job's record that it writes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { OwnError } from '../job/own-error.ts';
import { FIELDS } from '../job/record.ts';
import type { RedisClient } from './redis-client.ts';

/** The names that a script's head and its caller must agree on, in the order of the head. */
export type Signature<Key extends string, Arg extends string> = { keys: readonly Key[]; args: readonly Arg[] };

/**
 * A call of a script, by names. `rest` goes after the named arguments, for scripts
 * whose head ends in `...`. Resolves with what the script returns, as ioredis reads it.
 */
export type Script<Key extends string, Arg extends string> = (
  values: { [K in Key]: string } & { [A in Arg]: Value },
  rest?: readonly Value[],
) => Promise<unknown>;

/** An argument: a text, a number, or bytes. */
type Value = string | number | Buffer;

/** Parts that scripts of several folders include. */
const SHARED = new URL('scripts/include/', import.meta.url);

/**
 * What a script is loaded with, by name: texts and numbers that are the same in all its calls.
 * They are in its text, so that they are not sent with each call.
 */
export type Constants = Readonly<Record<string, string | number>>;

/**
 * The same for a script that serves several entries in one call: after
 * the shared keys come those of each entry, and so do the arguments.
 */
export type BatchSignature<Key extends string, Arg extends string, EachKey extends string, EachArg extends string> = Signature<Key, Arg> & {
  eachKeys: readonly EachKey[];
  eachArgs: readonly EachArg[];
  constants?: Constants;
};

/** A value for each name. */
type Values<Key extends string, Arg extends string> = { [K in Key]: string } & { [A in Arg]: string | number };

/** A call of a script for several entries, by names. */
export type BatchScript<Key extends string, Arg extends string, EachKey extends string, EachArg extends string> = (
  shared: Values<Key, Arg>,
  entries: readonly Values<EachKey, EachArg>[],
) => Promise<unknown>;

/**
 * Registers a script on a connection. Its text travels once, later calls send its
 * hash. All keys must share a hash tag. `file`: the script's file. Parts that it
 * includes are in the folder `include` beside it, or in the one of the store.
 * @throws OwnError at load, if the names in the file's head are
 * others than the caller's, or if the file can't be read as a script
 */
export function defineScript<const Key extends string, const Arg extends string>(
  redis: RedisClient,
  file: URL,
  { keys, args }: Signature<Key, Arg>,
): Script<Key, Arg> {
  const send = register(redis, file, { keys, args, eachKeys: [], eachArgs: [] });
  return (values, rest = []) => send(keys.length, ...keys.map((key) => values[key]), ...args.map((arg) => values[arg]), ...rest);
}

/** Registers a script that serves several entries in one call. Else as {@link defineScript}. */
export function defineBatchScript<
  const Key extends string,
  const Arg extends string,
  const EachKey extends string,
  const EachArg extends string,
>(redis: RedisClient, file: URL, signature: BatchSignature<Key, Arg, EachKey, EachArg>): BatchScript<Key, Arg, EachKey, EachArg> {
  const { keys, args, eachKeys, eachArgs, constants } = signature;
  const send = register(redis, file, signature, constants);
  return (shared, entries) => {
    const values: (string | number)[] = [keys.length + eachKeys.length * entries.length];
    for (const key of keys) values.push(shared[key]);
    for (const entry of entries) for (const key of eachKeys) values.push(entry[key]);
    for (const arg of args) values.push(shared[arg]);
    for (const entry of entries) for (const arg of eachArgs) values.push(entry[arg]);
    return send(...values);
  };
}

type Send = (...values: Value[]) => Promise<unknown>;

/**
 * Loads a script and gives the connection a command for it:
 * the number of keys, the keys, the arguments.
 */
function register(redis: RedisClient, file: URL, signature: Omit<Head, 'constants'>, constants: Constants = {}): Send {
  const { lua, head } = loadScript(file, constants);
  const name = basename(file.pathname, '.lua');
  const ours: Head = { ...signature, constants: Object.keys(constants) };
  for (const [part, names] of Object.entries(PARTS) as [keyof Head, string][]) {
    if (ours[part].join() !== head[part].join()) {
      throw new OwnError(`scripts/${name}.lua has the ${names} ${head[part].join(', ')}, and its caller ${ours[part].join(', ')}`);
    }
  }
  const command = `aiJobs:${name}`;
  redis.defineCommand(command, { lua });
  const send = (redis as unknown as Record<string, Send>)[command];
  if (!send) throw new OwnError(`ioredis did not define ${command}`);
  return send.bind(redis);
}

/**
 * What a script's head declares. A name is a local variable of
 * the script; `:number` after it reads it as one.
 */
type Head = Readonly<Record<'constants' | 'keys' | 'args' | 'eachKeys' | 'eachArgs', readonly string[]>>;

/** The parts of a head, as the file calls them. */
const PARTS: Record<keyof Head, string> = {
  keys: 'KEYS',
  args: 'ARGV',
  eachKeys: 'EACH KEYS',
  eachArgs: 'EACH ARGV',
  constants: 'CONSTANTS',
};

const HEAD =
  /^--\[\[\n[\s\S]*?\n(?:CONSTANTS:(?<constants>[^:]*)\n)?KEYS:(?<keys>[^:]*)\nARGV:(?<args>[\s\S]*?)(?:\nEACH KEYS:(?<eachKeys>[^:]*)\nEACH ARGV:(?<eachArgs>[\s\S]*?))?\nReturns:[\s\S]*?\]\]\n/;

/**
 * Reads a script: its head's names become local variables, `--include NAME` lines the files
 * that they name, and `FIELDS.name` that field's name in the job's record, as a string. `...`
 * ends a head of arguments that go on: `rest` is then the place of the first of them in ARGV.
 * `CONSTANTS` are variables, too. A `--each` line begins a loop over the entries of a
 * batch, with `entry` as the number; the script ends it with `end`. The names of EACH
 * KEYS and EACH ARGV are variables of the whole script, which the loop sets, so that
 * functions above it can use them.
 */
export function loadScript(location: URL, constants: Constants = {}): { lua: string; head: Head } {
  const file = `scripts/${basename(location.pathname)}`;
  const text = read(location);
  if (text === undefined) throw new OwnError(`${file} is not there`);
  const groups = HEAD.exec(text)?.groups;
  if (!groups) throw new OwnError(`${file} does not begin with a head that names KEYS, ARGV and what it Returns`);
  const declared = list(groups['args']);
  const hasRest = declared.at(-1) === '...';
  const shared = { keys: list(groups['keys']), args: hasRest ? declared.slice(0, -1) : declared };
  const each = { keys: list(groups['eachKeys']), args: list(groups['eachArgs']) };
  const head = {
    constants: list(groups['constants']),
    keys: shared.keys,
    args: shared.args.map(nameOf),
    eachKeys: each.keys,
    eachArgs: each.args.map(nameOf),
  };
  const all = Object.values(head).flat();
  const wrong = all.find((known, index) => !/^[a-z]\w*$/i.test(known) || all.indexOf(known) !== index);
  if (wrong !== undefined) throw new OwnError(`${file} has a head with the name ${wrong}, which is no name or is there twice`);
  const locals = [
    ...head.constants.map((known) => `local ${known} = ${toLua(constants[known] ?? '')}`),
    declare(shared.keys, (n) => `KEYS[${n}]`),
    declare(shared.args, (n) => `ARGV[${n}]`),
    hasRest ? `local rest = ${declared.length}` : '',
    head.eachArgs.length > 0 ? `local ${[...head.eachKeys, ...head.eachArgs].join(', ')}` : '',
  ];
  const body = text
    .replace(/^--include (\w+)$/gm, (_, part: string) => {
      const included = read(new URL(`include/${part}.lua`, location)) ?? read(new URL(`${part}.lua`, SHARED));
      if (included === undefined) throw new OwnError(`${file} includes ${part}, and scripts/include/${part}.lua is not there`);
      return included;
    })
    .replace(/^([ \t]*)--each$/gm, (_, indent: string) => `${indent}${loopOver(shared, each)}`)
    .replace(/\bFIELDS\.(\w+)/g, (_, field: string) => {
      if (!isField(field)) throw new OwnError(`${file} uses FIELDS.${field}, and record.ts has no such field`);
      return `'${FIELDS[field]}'`;
    });
  return { lua: [...locals, body].join('\n'), head };
}

/** Names of keys and of arguments, as a head has them. */
type Names = { keys: string[]; args: string[] };

function loopOver(shared: Names, each: Names): string {
  const place = (count: number, width: number) => (n: number) => `[${count - width + n} + entry * ${width}]`;
  const [key, arg] = [place(shared.keys.length, each.keys.length), place(shared.args.length, each.args.length)];
  return [
    `for entry = 1, (#ARGV - ${shared.args.length}) / ${each.args.length} do`,
    assign(each.keys, (n) => `KEYS${key(n)}`),
    assign(each.args, (n) => `ARGV${arg(n)}`),
  ].join(' ');
}

/** Writes a text or a number as Lua does. */
function toLua(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const bytes = Array.from(Buffer.from(value), (byte) => `\\${String(byte).padStart(3, '0')}`);
  return `'${bytes.join('')}'`;
}

function nameOf(entry: string): string {
  return entry.replace(/:number$/, '');
}

function isField(name: string): name is keyof typeof FIELDS {
  return Object.hasOwn(FIELDS, name);
}

function read(file: URL): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function list(names = ''): string[] {
  return names.split(',').flatMap((name) => name.trim() || []);
}

/** Declares local variables, and assigns them. */
function declare(entries: string[], value: (n: number) => string): string {
  return entries.length === 0 ? '' : `local ${assign(entries, value)}`;
}

/**
 * Assigns variables. `value`: what the n-th is read from, counted
 * from 1; `:number` after its name reads it as a number.
 */
function assign(entries: string[], value: (n: number) => string): string {
  if (entries.length === 0) return '';
  const values = entries.map((entry, index) => (entry === nameOf(entry) ? value(index + 1) : `tonumber(${value(index + 1)})`));
  return `${entries.map(nameOf).join(', ')} = ${values.join(', ')}`;
}
