-- forgetEnded(limit) removes jobs that ended longer ago than ended jobs are kept, with all that BullMQ keeps of them: of the completed and
-- of the failed so many at most, the oldest first. It returns the larger of both counts. Expects keys: completed, failed, jobs, behind, cancelled;
-- and now, retentionMs, longerMs (how much longer they are kept while the archive is behind)
local PARTS = { '', ':logs', ':dependencies', ':processed', ':failed', ':unsuccessful' }
local function forgetEnded(limit)
  local last = now - retentionMs
  if redis.call('EXISTS', behind) == 1 then last = last - longerMs end
  local most = 0
  for _, set in ipairs({ completed, failed }) do
    local over = redis.call('ZRANGE', set, '-inf', last, 'BYSCORE', 'LIMIT', 0, limit)
    for _, id in ipairs(over) do
      local isJob = #id > 33 and not string.find(id, '[^A-Za-z0-9_-]') -- else it may be the name of another key
      for _, part in ipairs(isJob and PARTS or {}) do redis.call('UNLINK', jobs .. id .. part) end
    end
    if #over > 0 then
      redis.call('ZREM', set, unpack(over))
      redis.pcall('ZREM', cancelled, unpack(over))
    end
    most = math.max(most, #over)
  end
  redis.pcall('ZREMRANGEBYSCORE', cancelled, '-inf', last)
  return most
end
