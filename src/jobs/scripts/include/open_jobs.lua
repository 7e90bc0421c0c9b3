-- Which jobs have ended, and how many of a tenant's have not. isComing(id) tells whether a job was admitted and may still be added;
-- hasEnded(id, since) whether a job has ended, or was to come and did not; sweepChildren() gives up the places of children that will not
-- come; countOpen(open, places, most) counts a tenant's open jobs, and looks which have ended once there is no room for `places` more of `most`.
-- Expects the keys jobs, coming and children; and now, comingMs, taken (the jobs that this call has admitted), kept (how many
-- fields `children` has) and depth (how many jobs wait)
local function isComing(entry) return taken[entry] or redis.call('ZSCORE', coming, entry) end
local function canMakeChild(parent)
  local record = redis.pcall('HMGET', jobs .. parent, 'name', 'finishedOn')
  return record[1] and not record[2] or isComing(parent)
end
local function hasEnded(entry, since)
  local record = redis.pcall('HMGET', jobs .. entry, 'name', 'finishedOn')
  if record[1] then return record[2] and not isComing(entry) end -- else it is about to be retried
  local parent = kept > 0 and redis.call('HGET', children, entry)
  if parent then return not canMakeChild(parent) end
  return now - since > comingMs
end

-- When the queue seems full, and once a second at most.
local function sweepChildren()
  if kept == 0 or now - tonumber(redis.call('HGET', children, '*') or 0) < 1000 then return end
  redis.call('HSET', children, '*', now)
  local entries = redis.call('HGETALL', children)
  for i = 1, #entries, 2 do
    if entries[i] ~= '*' and not canMakeChild(entries[i + 1]) then depth = depth - redis.call('HDEL', children, entries[i]) end
  end
end

local function countOpen(open, places, most)
  local count = redis.call('ZCARD', open)
  if count + places <= most then return count end
  local entries = redis.call('ZRANGE', open, 0, -1, 'WITHSCORES')
  for i = 1, #entries, 2 do
    if hasEnded(entries[i], tonumber(entries[i + 1])) then
      redis.call('ZREM', open, entries[i])
      depth = depth - redis.call('HDEL', children, entries[i])
    end
  end
  return redis.call('ZCARD', open)
end
