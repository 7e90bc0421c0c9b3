-- The ledger of files. `ledger` has an entry for each job with files, as JSON: { tenant, at, files: { name: bytes }, reserved, next, open }.
-- reserved: the names of files for which there is only room yet, of the size in `files`. at: when its last file came. next: how many bytes will go when its score in `due` is reached, or when the job ends if it is `open`.
-- `due` has the same jobs by when to look at them again. `used` has the bytes of each tenant, and of all as '*'. The three change together
-- in one script, so a crash can't part them. If others have written to them, they are counted anew from the ledger.
-- Expects keys: ledger, due, used; and mend
mend(ledger, 'hash')
mend(due, 'zset')
mend(used, 'hash')

local function entryOf(job)
  local read, entry = pcall(cjson.decode, redis.call('HGET', ledger, job) or '')
  if not (read and type(entry) == 'table' and type(entry.files) == 'table' and type(entry.tenant) == 'string') then return nil end
  return entry
end

local function sizeOf(entry, pattern)
  local sum = 0
  for name, bytes in pairs(entry.files) do
    if string.find(name, pattern) then sum = sum + (tonumber(bytes) or 0) end
  end
  return sum
end

-- how many bytes go when a job ends that goes on now: of its inputs, and of room that was reserved for more than comes
local INPUTS, ANY = '^[ik]', ''
local function goesAtEnd(entry)
  local sum = sizeOf(entry, INPUTS)
  for name in pairs(type(entry.reserved) == 'table' and entry.reserved or {}) do sum = sum + (tonumber(entry.files[name]) or 0) end
  return sum
end

local function usedBy(whom) return tonumber(redis.call('HGET', used, whom) or '') or 0 end
local function count(tenant, bytes)
  for _, whom in ipairs({ '*', tenant }) do
    local sum = usedBy(whom) + bytes
    if sum > 0 then redis.call('HSET', used, whom, string.format('%.0f', sum)) else redis.call('HDEL', used, whom) end
  end
end

-- removes a job's files whose names fit, and returns what is left of its entry
local function removeFiles(job, entry, pattern)
  local gone, left = 0, {}
  for name, bytes in pairs(entry.files) do
    if string.find(name, pattern) then
      redis.call('DEL', files .. job .. ':' .. name)
      gone = gone + (tonumber(bytes) or 0)
    else left[name] = bytes end
  end
  if gone > 0 then count(entry.tenant, -gone) end
  entry.files = left
  return next(left) and entry or nil
end

local function saveEntry(job, entry, at)
  if not entry then
    redis.call('HDEL', ledger, job)
    redis.call('ZREM', due, job)
  else
    redis.call('HSET', ledger, job, cjson.encode(entry))
    redis.call('ZADD', due, at, job)
  end
end
