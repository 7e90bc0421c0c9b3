/** What a job's paid calls use: noted before a call is made, kept true while it goes on, and counted for its tenant's day. */
import type { Redis } from 'ioredis';
import type { Usage } from '../job/snapshot.ts';
import type { Tenant } from '../job/tenant.ts';
import { defineScript } from './connection.ts';
import type { Keys } from './keys.ts';
import { FIELDS } from './record.ts';
import type { RetryWhileRefused } from './store-monitor.ts';

/** One call's entry. */
export type CallEntry = {
  /** Replaces what is noted of the call; undefined: it used nothing. Goes on after the job has ended, or is another run's: the money is gone. */
  note(used: Usage | undefined): Promise<void>;
};

/** The books of one run. */
export type Spending = {
  /** Notes what a call that is about to be made will use at least. Rejects where the job is not this run's any more, so that nobody pays for it. */
  open(expected: Usage): Promise<CallEntry>;
};

/**
 * Each call has its own entry in the job's record, which a note replaces: sent twice, it counts once, and a run that is
 * gone leaves its last note behind. The job's usage is the sum, of whatever units there are; an entry of its own holds what
 * was used before calls were told apart. The end of a job that another run has finished was told to clients with its usage,
 * which stays as it was; a cancelled one goes on to show what its call came to. `known`: what this run has noted of
 * the call, for a record that is gone.
 */
const NOTE = `
local job, lock, spent = KEYS[1], KEYS[2], KEYS[3]
local token, call, used, known, keptFor = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local fields = redis.call('HMGET', job, 'name', 'finishedOn', '${FIELDS.cancelled}', '${FIELDS.calls}', '${FIELDS.usage}')
local there, finished, cancelled = fields[1], fields[2], fields[3]
if token ~= '' and (not there or finished or redis.call('GET', lock) ~= token) then return -1 end

local function decode(text)
  local read, value = pcall(cjson.decode, text or '')
  return read and type(value) == 'table' and value or nil
end
local function tokens(entry) return entry and (entry.inputTokens or 0) + (entry.outputTokens or 0) or 0 end

local entries = decode(fields[4]) or { before = decode(fields[5]) }
local entry = decode(used)
if there then known = tokens(entries[call]) end
entries[call] = entry
redis.call('INCRBY', spent, string.format('%.0f', tokens(entry) - known))
redis.call('EXPIRE', spent, keptFor)
if not there then return 0 end

redis.call('HSET', job, '${FIELDS.calls}', cjson.encode(entries))
if finished and not cancelled then return 0 end
local total = {}
for _, each in pairs(entries) do
  for unit, value in pairs(each) do
    if type(value) == 'number' then total[unit] = (total[unit] or 0) + value
    elseif value == true then total[unit] = true end
  end
end
if next(entries) then redis.call('HSET', job, '${FIELDS.usage}', cjson.encode(total))
else redis.call('HDEL', job, '${FIELDS.usage}') end
return 0
`;

/** How long a day's count is kept, in s. */
const KEPT_S = 48 * 3600;

/** Whose books they are; `token` is the lock token BullMQ gave to the run. */
type Run = { jobId: string; tenant: Tenant; token: string };

/**
 * Makes the function that opens the books of a run. `lost`: what to reject with where the job is not the run's any more.
 * `retryWhileRefused`: what to do while Redis refuses to write.
 */
export function createSpending(
  redis: Redis,
  keys: Keys,
  lost: (jobId: string) => Error,
  retryWhileRefused: RetryWhileRefused,
): (run: Run) => Spending {
  const script = defineScript(redis, 'aiJobsNote', NOTE);

  return ({ jobId, tenant, token }) => ({
    async open(expected) {
      const call = crypto.randomUUID();
      const touched = [keys.job(jobId), keys.lock(jobId), keys.spent(tenant)]; // of the day it begins on, whenever it ends
      let known = 0;
      const note = async (used: Usage | undefined, fence: string): Promise<boolean> => {
        const before = known;
        known = used ? used.inputTokens + used.outputTokens : 0;
        const args = [fence, call, used ? JSON.stringify(used) : '', before, KEPT_S];
        return (await retryWhileRefused(() => script(touched, args))) === 0;
      };
      if (!(await note(expected, token))) throw lost(jobId);
      return { note: async (used) => void (await note(used, '')) };
    },
  });
}
