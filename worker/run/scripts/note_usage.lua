--[[
Notes what a paid call uses, in the job's record and in its tenant's count of the day. Each call has its own entry, which a note
replaces: sent twice, it counts once, and a run that is gone leaves its last note behind. The job's usage is the sum, of whatever
units there are; an entry of its own holds what was used before calls were told apart. The end of a job that another run has
finished was told to clients with its usage, which stays as it was; a cancelled one goes on to show what its call came to. If it was
archived before, it goes into the `outbox` again, so that the archive shows that, too.
With a token only the run that holds the job's lock may note; without one the note is taken whatever has become of the job.
`used` is JSON, or empty for a call that used nothing. `known`: what this run has noted of the call, for a record that is gone.
KEYS: job, lock, spent, spentUsd, outbox
ARGV: id, token, call, used, known, keptS
Returns: 0; -1 if the run may not note
Writes: archived, calls, usage
]]
local fields = redis.call('HMGET', job, 'name', 'finishedOn', FIELDS.cancelled, FIELDS.calls, FIELDS.usage)
local there, finished, cancelled = fields[1], fields[2], fields[3]
if token ~= '' and (not there or finished or redis.call('GET', lock) ~= token) then return -1 end

local function decode(text)
  local read, value = pcall(cjson.decode, text or '')
  return read and type(value) == 'table' and value or nil
end
local function tokens(entry) return entry and (entry.inputTokens or 0) + (entry.outputTokens or 0) or 0 end
local function billionths(entry) return entry and (entry.costUsd or 0) * 1e9 or 0 end

local entries = decode(fields[4]) or { before = decode(fields[5]) }
local entry = decode(used)
local noted
if there then noted = entries[call] else noted = decode(known) end
entries[call] = entry
local function count(key, more)
  local whole = string.format('%.0f', more)
  if tonumber(whole) == 0 then return end
  redis.call('INCRBY', key, whole)
  redis.call('EXPIRE', key, keptS)
end
count(spent, tokens(entry) - tokens(noted))
count(spentUsd, billionths(entry) - billionths(noted))
if not there then return 0 end

local calls = cjson.encode(entries)
if finished and not cancelled then
  redis.call('HSET', job, FIELDS.calls, calls)
  return 0
end
local total, priced = {}, true
for _, each in pairs(entries) do
  priced = priced and each.costUsd ~= nil
  for unit, value in pairs(each) do
    if type(value) == 'number' then total[unit] = (total[unit] or 0) + value
    elseif value == true then total[unit] = true end
  end
end
if not priced then total.costUsd = nil end -- what is known of it is not what the job costs
if next(entries) then redis.call('HSET', job, FIELDS.calls, calls, FIELDS.usage, cjson.encode(total))
else
  redis.call('HSET', job, FIELDS.calls, calls)
  redis.call('HDEL', job, FIELDS.usage)
end
-- While it is being archived it is in the outbox, and stays there because the mark is gone.
if cancelled and redis.call('HDEL', job, FIELDS.archived) == 1 then redis.pcall('ZADD', outbox, 'NX', 0, id) end
return 0
