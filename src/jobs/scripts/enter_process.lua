--[[
Notes that a process lives and what it knows. Tells when a process was last seen that lacks a feature, and remembers that for
`rememberedMs`. A worker that says nothing of what it knows is of a version that knows none of the features, and so is an API that is in
no registry (`olderApi` is 1 while there is one). The rest are the features that are asked about.
KEYS: processes, knows, lacked, workers, workersSeen
ARGV: id, names, olderApi:number, keptMs:number, rememberedMs:number, ...
Returns: for each feature, how many ms ago a process was seen that lacks it; -1 if none was
]]
--include clock
--include mend
mend(processes, 'zset')
mend(knows, 'hash')
mend(lacked, 'hash')
redis.call('ZADD', processes, now, id)
redis.call('HSET', knows, id, names)
for _, key in ipairs({ processes, knows }) do redis.call('PEXPIRE', key, 3 * keptMs) end

-- kept for twice as long as a worker's entry, by which an older worker is told from one that has just gone
for _, gone in ipairs(redis.call('ZRANGE', processes, '-inf', now - 2 * keptMs, 'BYSCORE')) do
  redis.call('ZREM', processes, gone)
  redis.call('HDEL', knows, gone)
end

local seen = {} -- what processes know, and when they were last seen
local entries = redis.call('ZRANGE', processes, 0, -1, 'WITHSCORES')
local isKnown = {}
for n = 1, #entries, 2 do
  isKnown[entries[n]] = true
  seen[#seen + 1] = { names = redis.call('HGET', knows, entries[n]) or '', at = tonumber(entries[n + 1]) }
end
local others = redis.pcall('ZRANGE', workersSeen, 0, -1, 'WITHSCORES')
for n = 1, #others, 2 do
  if not isKnown[others[n]] then
    local description = redis.pcall('HGET', workers, others[n])
    local names = type(description) == 'string' and string.match(description, '"knows":%[([^%]]*)%]') or ''
    seen[#seen + 1] = { names = string.gsub(names, '[^%w-]', ' '), at = tonumber(others[n + 1]) }
  end
end
if olderApi == 1 then seen[#seen + 1] = { names = '', at = now } end

local found = {}
for n = rest, #ARGV do
  local feature = ARGV[n]
  local before = tonumber(redis.call('HGET', lacked, feature) or '') or -1
  local at = before
  for _, process in ipairs(seen) do
    local isThere = string.find(' ' .. process.names .. ' ', ' ' .. feature .. ' ', 1, true)
    if not isThere and process.at > at then at = process.at end
  end
  if at > before then
    redis.call('HSET', lacked, feature, at)
    redis.call('PEXPIRE', lacked, rememberedMs)
  end
  found[#found + 1] = at < 0 and -1 or math.max(now - at, 0)
end
return found
