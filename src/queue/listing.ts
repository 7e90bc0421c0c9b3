/** Listing: a bounded part of an index of jobs, read in batches; of each job only what a list shows. */
import type { Redis } from 'ioredis';
import type { JobStatus, Snapshot } from '../job/snapshot.ts';
import { tenantOf } from '../job/tenant.ts';
import { defineScript } from './connection.ts';
import type { Keys } from './keys.ts';
import { createMending } from './mend.ts';
import { parseJson } from './record.ts';
import { type Fields, PLACE_OF, SHOWN, toSnapshot } from './snapshot.ts';

/** A place in an index: an entry's score, as Redis prints it, and its job. */
export type Place = { score: string; id: string };

/** Which jobs are wanted; what is left out may be anything. */
export type Filter = {
  status?: JobStatus | 'unfinished' | undefined;
  kind?: string | undefined;
  /** The code that it failed with. */
  code?: string | undefined;
  owner?: string | undefined;
};

/** Which part of an index. */
export type Range = {
  /** How many jobs at most. */
  limit: number;
  /** Only those after this place, which an earlier page ended at. */
  after?: Place | undefined;
  filter?: Filter | undefined;
  /** Aborts when nobody waits for the answer any more. */
  signal?: AbortSignal | undefined;
};

/**
 * A page of jobs, without results, and where to go on if there may be more. A page can be shorter than its limit,
 * and even empty, and still have a `next`: that many entries were looked at and few of them were wanted.
 */
export type Page = { jobs: Snapshot[]; next?: Place | undefined };

/** An index that can be listed. */
export type Index = {
  key: string;
  order: 'newest' | 'oldest';
  /** Whose jobs these are, where they are one user's; else each job's owner is read. */
  owner?: string;
  /** What is taken out on the way: of an index of ours entries that lead nowhere, of open jobs also those that have ended. */
  prune?: 'gone' | 'ended';
};

/** How many entries one request looks at, at most. */
export const MAX_ENTRIES = 500;

/** How many entries one script looks at: Redis serves others in between. */
const BATCH = 100;

/** An entry this old, in ms, without a record is a job that has gone; a younger one may be about to come. */
const SETTLED_MS = 60_000;

/**
 * Looks at entries after a place until enough fit or the batch is over. An entry costs up to three commands, one
 * that fits some ten. Strings are compared byte by byte, as Redis sorts them: Lua's own comparison follows a locale.
 * What can't be a job's id is taken out of every index.
 */
const LIST = `
local index, completed, failed, delayed, prioritized, active, wait, deadlines, coming, jobs = unpack(KEYS)
local newest, prune, score, id = ARGV[1] == 'newest', ARGV[2], ARGV[3], ARGV[4]
local batch, limit, settled = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local status, kind, code, owner, ownerKnown = ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12] == '1'
${PLACE_OF}
local function sortsAfter(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x > y end
  end
  return #a > #b
end
local function range(from, to, ...)
  if newest then return redis.call('ZRANGE', index, from, to, 'REV', ...) end
  return redis.call('ZRANGE', index, from, to, ...)
end
-- The rank of the first entry after the place, whether or not the place's own entry is still there.
local function firstRank()
  if id == '' then return 0 end
  local low = newest and redis.call('ZCOUNT', index, '(' .. score, '+inf') or redis.call('ZCOUNT', index, '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', index, score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local member = range(middle, middle)[1]
    local past
    if newest then past = sortsAfter(id, member) else past = sortsAfter(member, id) end
    if past then high = middle else low = middle + 1 end
  end
  return low
end

local running = {}
for _, member in ipairs(redis.call('LRANGE', active, 0, -1)) do running[member] = true end
local function statusOf(member, finishedOn, reason)
  if redis.call('ZSCORE', failed, member) then return reason == 'cancelled' and 'cancelled' or 'failed' end
  if finishedOn and redis.call('ZSCORE', completed, member) then return 'completed' end
  return running[member] and 'active' or 'waiting'
end
-- The owner as JSON text: a payload begins with it, and the rest of it may be long.
local function ownerOf(job)
  local data = redis.call('HGET', job, 'data') or ''
  if string.sub(data, 1, 10) ~= '{"owner":"' then return '' end
  local at = 11
  while true do
    at = string.find(data, '["\\\\]', at)
    if not at then return '' end
    if string.sub(data, at, at) == '"' then return string.sub(data, 10, at) end
    at = at + 2
  end
end

local rows, lastScore, lastId = {}, score, id
local first = firstRank()
local entries, size = range(first, first + batch - 1, 'WITHSCORES'), redis.call('ZCARD', index)
local examined = 0
for i = 1, #entries, 2 do
  local member, since = entries[i], entries[i + 1]
  local job = jobs .. member
  examined = examined + 1
  if #member < 34 or string.find(member, '[^A-Za-z0-9_-]') then redis.call('ZREM', index, member)
  else
    lastScore, lastId = since, member
    local record = redis.pcall('HMGET', job, 'name', 'finishedOn', 'failedReason', 'timestamp', 'processedOn')
    if record.err then -- unreadable: it will fail where it is taken up
    elseif not (record[1] or record[2] or record[4] or record[5]) then
      if prune ~= '' and (tonumber(since) or 0) < settled and not redis.pcall('ZSCORE', coming, member) then redis.call('ZREM', index, member) end
    else
      local now = statusOf(member, record[2], record[3])
      local unfinished = now == 'waiting' or now == 'active'
      if not unfinished and prune == 'ended' and not redis.pcall('ZSCORE', coming, member) then redis.call('ZREM', index, member) end
      local fits = (status == '' or status == now or (status == 'unfinished' and unfinished))
        and (kind == '' or kind == (record[1] or string.sub(member, 1, -34)))
        and (code == '' or code == string.match(record[3] or '', '^([a-z_]+)'))
      local whose = fits and not ownerKnown and ownerOf(job) or ''
      if fits and (owner == '' or owner == whose) then
        local state, at, position = placeOf(member)
        local cancelAt = unfinished and redis.pcall('ZSCORE', deadlines, member) or ''
        local attempts = string.match(redis.call('HGET', job, 'opts') or '', '"attempts":(%d+)') or ''
        local fields = redis.call('HMGET', job, unpack(ARGV, 13))
        rows[#rows + 1] = { member, since, state, at, position, type(cancelAt) == 'string' and cancelAt or '', attempts, whose, fields }
        if #rows == limit then break end
      end
    end
  end
end
return { examined, first + examined >= size and 1 or 0, lastScore, lastId, rows }
`;

type Row = [
  id: string,
  score: string,
  state: string,
  at: string,
  position: number,
  cancelAt: string,
  attempts: string,
  owner: string,
  fields: (string | null)[],
];
type Reply = [examined: number, done: 0 | 1, score: string, id: string, rows: Row[]];

/** Lists a part of an index. */
export type List = (index: Index, range: Range) => Promise<Page>;

/** Makes the function that lists. `retentionS`: how long ended jobs are kept, in s. */
export function createList(redis: Redis, keys: Keys, retentionS: number): List {
  const script = defineScript(redis, 'aiJobsList', LIST);
  const mending = createMending(redis);
  const places = (['completed', 'failed', 'delayed', 'prioritized', 'active', 'wait'] as const).map(keys.of);

  return async ({ key, order, owner, prune = '' }, { limit, after, filter = {}, signal }) => {
    const wanted = [filter.status, filter.kind, filter.code, filter.owner === undefined ? undefined : JSON.stringify(filter.owner)];
    const touched = [key, ...places, keys.deadlines, keys.coming, keys.job('')];
    const found: { job: Snapshot; place: Place }[] = [];
    let place = after;
    for (let examined = 0, done = false; !done && examined < MAX_ENTRIES && !signal?.aborted;) {
      const ask = () =>
        script(touched, [
          order,
          prune,
          place?.score ?? '',
          place?.id ?? '',
          Math.min(BATCH, MAX_ENTRIES - examined),
          limit + 1 - found.length, // one more tells whether there is more
          Date.now() - SETTLED_MS,
          ...wanted.map((value) => value ?? ''),
          owner === undefined ? 0 : 1,
          ...SHOWN,
        ]);
      const [count, over, score, id, rows] = (await (prune === '' ? ask() : mending(key, 'zset', ask))) as Reply;
      found.push(...rows.map((row) => ({ job: toListed(row, owner, retentionS), place: { id: row[0], score: row[1] } })));
      if (found.length > limit) return { jobs: found.slice(0, limit).map(({ job }) => job), next: found[limit - 1]?.place };
      examined += count;
      done = over === 1;
      place = done || id === '' ? undefined : { score, id };
    }
    return { jobs: found.map(({ job }) => job), next: place };
  };
}

function toListed(
  [id, , state, at, position, cancelAt, attempts, ownerText, values]: Row,
  known: string | undefined,
  retentionS: number,
): Snapshot {
  const read = Object.fromEntries(SHOWN.map((name, index) => [name, values[index] ?? null])) as unknown as Fields;
  const owner = known ?? (ownerText === '' ? undefined : (parseJson(ownerText) as string | undefined));
  const snapshot = toSnapshot(
    id,
    { state, at, position, cancelAt },
    0,
    { ...read, attempts: attempts === '' ? undefined : attempts },
    retentionS,
  );
  return { ...snapshot, owner, tenant: tenantOf(owner, undefined) };
}
