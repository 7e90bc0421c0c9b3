/** Commands that serve requests fail where Redis is silent, and only there. */
import type { Command } from 'ioredis';

/**
 * Fails a command that has no reply after so many ms. A time that is
 * counted already goes on, whichever connection the command is sent over.
 */
export function failWhenSilent(command: Command, ms: number): void {
  // In the field of ioredis' own timeout, because ioredis clears that one with the reply.
  const timed = command as unknown as { _commandTimeoutTimer?: NodeJS.Timeout };
  timed._commandTimeoutTimer ??= setTimeout(giveUp, ms, command);
}

/**
 * Fails a command after the replies that have come were read: a
 * process that was busy finds its timers due before it reads.
 */
function giveUp(command: Command): void {
  setImmediate(() => command.isSettled || command.reject(new Error('Command timed out')));
}
