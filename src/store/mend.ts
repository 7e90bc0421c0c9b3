/** Mending: a structure of ours that has become something else is removed and made anew, so that it does not stop everybody. */
import type { Redis } from 'ioredis';
import { defineScript } from './script.ts';

/** The Redis types of our own structures. */
type Type = 'zset' | 'hash' | 'string';

/** Makes a function that does some work on a key and, if that fails because of the key's type, mends it and does it again. */
export function createMending(redis: Redis): <T>(key: string, type: Type, work: () => Promise<T>) => Promise<T> {
  const mend = defineScript(redis, new URL('scripts/mend_key.lua', import.meta.url), { keys: ['key'], args: ['wanted'] });
  return async (key, type, work) => {
    try {
      return await work();
    } catch (error) {
      if (!isWrongType(error)) throw error;
      await mend({ key, wanted: type });
      return work();
    }
  };
}

/** Whether Redis refused a command because the key has another type: others can write to Redis, too. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}
