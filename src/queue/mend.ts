/** Mending: a structure of ours that has become something else is removed and made anew, so that it does not stop everybody. */
import type { Redis } from 'ioredis';
import { defineScript } from './script.ts';

/** The Redis types of our own structures. */
type Type = 'zset' | 'hash' | 'string';

/** Lua: `mend(key, type)` removes a key that is of another type; what it held for us is lost already. */
export const MEND = `
local function mend(key, wanted)
  local found = redis.call('TYPE', key).ok
  if found ~= wanted and found ~= 'none' then redis.call('DEL', key) end
end
`;

/**
 * Lua: runs `body`; if it fails, mends the keys of these names and runs it once more. So a body must be harmless to
 * run again from its start. It costs nothing where nothing is wrong.
 */
export function orMend(keys: Record<string, Type>, body: string): string {
  return `
${MEND}
local function body()
${body}
end
local done, reply = pcall(body)
if done then return reply end
${Object.entries(keys)
  .map(([name, type]) => `mend(${name}, '${type}')`)
  .join('\n')}
return body()
`;
}

/** Makes a function that does some work on a key and, if that fails because of the key's type, mends it and does it again. */
export function createMending(redis: Redis): <T>(key: string, type: Type, work: () => Promise<T>) => Promise<T> {
  const mend = defineScript(redis, 'mend_key', { keys: ['key'], args: ['wanted'] });
  return async (key, type, work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('WRONGTYPE'))) throw error;
      await mend({ key, wanted: type });
      return work();
    }
  };
}
