--[[
Lists jobs of an index after a place (the score and the job of an entry, both '' for the start) until `limit` fit, `batch` entries
were looked at, or `reads` records were read. Which have ended is asked for all entries together, and a kind stands in the id, so a record
is read only where it may fit; one that fits costs some ten commands. Strings are compared byte by byte, as Redis sorts them:
Lua's own comparison follows a locale. What can't be a job's id is taken out of every index.
`order` is 'newest' or 'oldest' first. `status`, `kind`, `code` and `owner` (as JSON) are what is wanted, '' for any.
`provider`: who gave the answer, or by whom the job has failed. `place`: 'waiting', 'delayed' or 'active', for one of these. `since` and `before`
are moments in ms: ended jobs count by their end, others by their submission; `scored` is 1 where the index has these moments as scores.
With `given`, ids with commas between them, those are looked at instead of an index, in their order.
`prune`: 'gone' takes entries out that lead nowhere and are older than `settledMs`; 'ended' also jobs that have ended.
`ownerKnown` is 1 where the owners need not be read. The rest are the fields that are wanted of each job.
KEYS: index, deadlines, coming, children, completed, failed, jobs
ARGV: order, prune, score, id, batch:number, limit:number, reads:number, settledMs:number, status, kind, code, owner, ownerKnown:number, provider, place, since:number, before:number, scored:number, given, ...
Returns: { how many entries were looked at, 1 if they were the last, score and id of the last, a row for each job that fits, how many records were read }
A row: { id, score in the index, state, score if it is delayed, position, time to cancel it at, attempts, owner as JSON, fields }
]]
--include clock
--include queues
--include place_of
local newest = order == 'newest'
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
  if id == '' then
    if scored == 0 then return 0 end
    return newest and redis.call('ZCOUNT', index, before, '+inf') or redis.call('ZCOUNT', index, '-inf', '(' .. since)
  end
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

local running = {} -- the jobs that run in a queue, by what its keys begin with
local function isRunningIn(queue, member)
  if not running[queue] then
    running[queue] = {}
    for _, one in ipairs(redis.call('LRANGE', queue .. 'active', 0, -1)) do running[queue][one] = true end
  end
  return running[queue][member]
end
local function isRunning(member)
  local ofKind, ofAll = unpack(queuesOf(member))
  return isRunningIn(ofKind, member) or isRunningIn(ofAll, member)
end
-- The owner as JSON text: a payload begins with it, and the rest of it may be long.
local function ownerOf(job)
  local data = redis.call('HGET', job, 'data') or ''
  if string.sub(data, 1, 10) ~= '{"owner":"' then return '' end
  local at = 11
  while true do
    at = string.find(data, '["\\]', at)
    if not at then return '' end
    if string.sub(data, at, at) == '"' then return string.sub(data, 10, at) end
    at = at + 2
  end
end

local rows, lastScore, lastId = {}, score, id
local first, entries, size = 0, {}, 0
if given ~= '' then
  for one in string.gmatch(given, '[^,]+') do
    entries[#entries + 1] = one
    entries[#entries + 1] = '0'
  end
  size = #entries / 2
else
  first = firstRank()
  entries, size = range(first, first + batch - 1, 'WITHSCORES'), redis.call('ZCARD', index)
end
-- Whether an entry and all that follow it are out of the time that is wanted.
local function isPast(at)
  return scored == 1 and (newest and at < since or not newest and at >= before)
end
local ids = {}
for i = 1, #entries, 2 do ids[#ids + 1] = entries[i] end
local hasFailed = #ids > 0 and redis.call('ZMSCORE', failed, unpack(ids)) or {}
local hasCompleted = #ids > 0 and redis.call('ZMSCORE', completed, unpack(ids)) or {}
-- Whether the job of an entry may be wanted, as far as that is known without its record.
local function mayFit(n)
  if kind ~= '' and kind ~= string.sub(ids[n], 1, -34) then return false end
  if status == '' or prune == 'ended' then return true end
  if status == 'failed' or status == 'cancelled' then return hasFailed[n] end
  if hasFailed[n] then return false end
  if status == 'completed' then return hasCompleted[n] end
  return not hasCompleted[n]
end
local function statusOf(n, finishedOn, reason)
  if hasFailed[n] then return reason == 'cancelled' and 'cancelled' or 'failed' end
  if finishedOn and hasCompleted[n] then return 'completed' end
  return (status == 'active' or status == 'waiting') and isRunning(ids[n]) and 'active' or 'waiting'
end

local examined, read = 0, 0
for n, member in ipairs(ids) do
  if #rows == limit or read == reads then break end
  local at = entries[2 * n]
  if isPast(tonumber(at)) then
    size = first + examined
    break
  end
  local job = jobs .. member
  examined = n
  if #member < 34 or string.find(member, '[^A-Za-z0-9_-]') then
    if given == '' then redis.call('ZREM', index, member) end
  else
    lastScore, lastId = at, member
    if mayFit(n) then
      read = read + 1
      local record = redis.pcall('HMGET', job, 'name', 'finishedOn', 'failedReason', 'timestamp', 'processedOn', FIELDS.provider, FIELDS.failedBy)
      if record.err then -- unreadable: it will fail where it is taken up
      elseif not (record[1] or record[2] or record[4] or record[5]) then
        local comes = redis.pcall('ZSCORE', coming, member) or redis.pcall('HGET', children, member)
        if prune ~= '' and (tonumber(at) or 0) < now - settledMs and not comes then redis.call('ZREM', index, member) end
      else
        local current = statusOf(n, record[2], record[3])
        local unfinished = current == 'waiting' or current == 'active'
        if not unfinished and prune == 'ended' and not redis.pcall('ZSCORE', coming, member) then redis.call('ZREM', index, member) end
        local fits = (status == '' or status == current or (status == 'unfinished' and unfinished))
          and (kind == '' or kind == (record[1] or string.sub(member, 1, -34)))
          and (code == '' or code == string.match(record[3] or '', '^([a-z_]+)'))
        local moment = tonumber(unfinished and record[4] or record[2] or '') or 0
        local by = hasFailed[n] and record[7] or record[6] or ''
        fits = fits and moment >= since and moment < before and (provider == '' or provider == string.match(by, '^%S*'))
        local whose = fits and ownerKnown == 0 and ownerOf(job) or ''
        if fits and (owner == '' or owner == whose) then
          local state, due, position = placeOf(member)
          local cancelAt = unfinished and redis.pcall('ZSCORE', deadlines, member) or ''
          local attempts = string.match(redis.call('HGET', job, 'opts') or '', '"attempts":(%d+)') or ''
          local fields = redis.call('HMGET', job, unpack(ARGV, rest))
          if place == '' or place == state then
            rows[#rows + 1] = { member, at, state, due, position, type(cancelAt) == 'string' and cancelAt or '', attempts, whose, fields }
          end
        end
      end
    end
  end
end
return { examined, first + examined >= size and 1 or 0, lastScore, lastId, rows, read }
