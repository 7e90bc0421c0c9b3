--[[
Looks at the jobs that are due: deletes files whose time is over and notes when to look again. It
goes by the job's own record, so it does not matter which process ended the job, or whether one died
meanwhile. A job that is not there `graceMs` after its last file came was never added, or is gone.
While a job has not ended, all its files stay. When it has completed or was cancelled the inputs go;
when it has failed they go after `failedMs`, so that it can be retried. The outputs go after
`retentionMs`, unless they are still on their way to the archive. `laterMs`: goes by a moment that
is so much later than now.
KEYS: jobs, overdue, ledger, due, used, files
ARGV: laterMs:number, batch:number, openMs:number, graceMs:number, failedMs:number, retentionMs:number, keptMs:number
Returns: how many jobs were due
]]
--include clock
--include mend
--include ledger
now = now + laterMs
local found = redis.call('ZRANGE', due, '-inf', now, 'BYSCORE', 'LIMIT', 0, batch)

-- what is left of a job's entry, and when to look again
local function lookAfter(id, entry)
  local record = redis.pcall('HMGET', jobs .. id, 'name', 'finishedOn', 'failedReason')
  if record.err or not record[1] then
    local until_ = (tonumber(entry.at) or 0) + graceMs
    if until_ <= now then return removeFiles(id, entry, ANY) end
    return entry, until_
  end
  local finished = tonumber(record[2] or '')
  entry.open = not finished
  if not finished then
    entry.next = goesAtEnd(entry)
    return entry, now + openMs
  end
  if finished + retentionMs <= now then
    if type(redis.pcall('ZSCORE', overdue, id)) == 'string' then return entry, now + openMs end
    return removeFiles(id, entry, ANY)
  end
  local mayBeRetried = record[3] and record[3] ~= 'cancelled'
  if mayBeRetried and finished + failedMs > now and finished + failedMs < finished + retentionMs then
    entry.next = sizeOf(entry, INPUTS)
    return entry, finished + failedMs
  end
  if not mayBeRetried or finished + failedMs <= now then entry = removeFiles(id, entry, INPUTS) end
  if entry then entry.next = sizeOf(entry, ANY) end
  return entry, finished + retentionMs
end

for _, id in ipairs(found) do
  local entry, at = entryOf(id), nil
  if entry then entry, at = lookAfter(id, entry) end
  if entry then
    for name in pairs(entry.files) do
      -- a file that Redis has dropped takes no room any more, and nobody goes on with one that is not whole when its job has ended
      local key = files .. id .. ':' .. name
      local whole = redis.pcall('HEXISTS', key, 'whole') == 1
      if redis.call('PEXPIRE', key, math.max(at - now, 0) + keptMs) == 0 or not (entry.open or whole) then
        redis.call('DEL', key)
        count(entry.tenant, -(tonumber(entry.files[name]) or 0))
        entry.files[name] = nil
        if type(entry.reserved) == 'table' then entry.reserved[name] = nil end
      end
    end
    if not next(entry.files) then entry = nil end
  end
  saveEntry(id, entry, at)
end
return #found
