/** Structured logs: one JSON line an event, joined over both processes by `jobId` and `requestId`. */
import { pino, type Logger } from 'pino';

/** Makes a process's logger; `name` says which process it is. */
export function createLog(name: 'api' | 'worker', level: string): Logger {
  return pino({ name, level, base: { name, pid: process.pid } });
}
