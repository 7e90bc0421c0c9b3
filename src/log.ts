/** Structured logs: one JSON line an event, joined over both processes by `jobId` and `requestId`; lines to read on a terminal. */
import { pino, type Logger } from 'pino';
import { describeError } from './describe-error.ts';

/** Makes a process's logger; `name` says which process it is. Errors are logged by an allowlist (describe-error.ts). */
export async function createLog(name: 'api' | 'worker', level: string): Promise<Logger> {
  const options = { name, level, base: { name, pid: process.pid }, serializers: { err: describeError } };
  if (!process.stdout.isTTY) return pino(options);
  const { default: pretty } = await import('pino-pretty'); // not loaded where machines read
  const lines = pretty({
    sync: true,
    singleLine: true,
    ignore: 'pid,name',
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: `${name}: {msg}`,
  });
  return pino(options, lines);
}
