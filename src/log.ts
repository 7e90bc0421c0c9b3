/** Structured logs: one JSON line an event, joined over both processes by `jobId` and `requestId`. */
import { pino, type Logger } from 'pino';
import { describeError } from './log-error.ts';

/** Makes a process's logger; `name` says which process it is. Errors are logged by an allowlist (log-error.ts). */
export function createLog(name: 'api' | 'worker', level: string): Logger {
  return pino({ name, level, base: { name, pid: process.pid }, serializers: { err: describeError } });
}
