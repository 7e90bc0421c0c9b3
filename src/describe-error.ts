/**
 * What a log shows of an error: an allowlist, because a message, a
 * command or a body may hold passwords, keys and users' content.
 */
import { OwnError } from './job/own-error.ts';
import { ProblemError } from './job/problem.ts';

/** An error as a log line holds it. */
export type LoggedError = {
  /** The error's name, such as `ReplyError` or `BadRequestError`. */
  type: string;
  /** A machine-readable code: ours, the vendor's, the system's, or the first word of a Redis reply. */
  code?: string | number;
  /** The HTTP status of a vendor's answer. */
  status?: number;
  /** The vendor's id of the request, for the vendor's support. */
  requestId?: string;
  /** Only of errors whose message this code wrote. */
  message?: string;
  /** Where it was thrown: places in the code, without the message. */
  stack?: string[];
  cause?: LoggedError;
  errors?: LoggedError[];
};

/** How deep causes are followed. */
const MAX_DEPTH = 4;

/** How many of an aggregate's errors are shown. */
const MAX_ERRORS = 5;

/** A code or a name, and not a sentence. */
const TOKEN = /^[\w.:-]{1,64}$/;

/** A line of a V8 stack that names a place in the code. */
const FRAME = /^ {4}at (?:.*:\d+:\d+\)?|.*<anonymous>\)?|.*\(native\))$/;

/** Describes an error for a log. Whatever is not on the allowlist is left out. */
export function describeError(error: unknown): LoggedError {
  return describe(error, 0);
}

function describe(error: unknown, depth: number): LoggedError {
  if (!(error instanceof Error)) return { type: error === null ? 'null' : typeof error };
  const { code, status, requestID } = error as { code?: unknown; status?: unknown; requestID?: unknown };
  const nested = (value: unknown) => describe(value, depth + 1);
  const deeper = depth < MAX_DEPTH;
  return {
    type: typeOf(error),
    ...optional('code', codeOf(error, code)),
    ...optional('status', typeof status === 'number' ? status : undefined),
    ...optional('requestId', isToken(requestID) ? requestID : undefined),
    ...optional('message', messageOf(error)),
    ...optional('stack', framesOf(error)),
    ...optional('cause', deeper && error.cause !== undefined ? nested(error.cause) : undefined),
    ...optional('errors', deeper && error instanceof AggregateError ? error.errors.slice(0, MAX_ERRORS).map(nested) : undefined),
  };
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };
}

function typeOf(error: Error): string {
  const names = [error.name === 'Error' ? error.constructor.name : error.name, error.constructor.name];
  return names.find(isToken) ?? 'Error';
}

function codeOf({ name, message }: Error, code: unknown): string | number | undefined {
  if (typeof code === 'number' || isToken(code)) return code;
  return name === 'ReplyError' ? /^[A-Z]{2,20}(?= |$)/.exec(message)?.[0] : undefined;
}

/**
 * The detail of a provider's problem may quote the provider,
 * which may quote the user: its code has to do.
 */
function messageOf(error: Error): string | undefined {
  if (!(error instanceof OwnError)) return undefined;
  if (error instanceof ProblemError && error.code.startsWith('provider_')) return undefined;
  return error.message;
}

/**
 * The stack's last lines that name places. A stack begins with
 * the message, and a message may have lines that look alike.
 */
function framesOf({ stack = '', message }: Error): string[] | undefined {
  const start = stack.indexOf(message);
  const rest = (start < 0 ? stack : stack.slice(start + message.length)).split('\n');
  const frames = rest.slice(rest.findLastIndex((line) => !FRAME.test(line)) + 1);
  return frames.length === 0 ? undefined : frames.map((line) => line.slice('    at '.length));
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.test(value);
}
