--[[
Reads jobs: of each its state first, then its fields and the rows past the number `after` (none if it is -1). The first to see that a
job has ended fixes the sequence number of its end, for all processes and for ever, and takes it out of the deadlines. What is of
another type than it should be is as if it were not there. Of the payload only the beginning is returned, which says whose the job is;
the input behind it may be long. `fields` are the names of the fields that are wanted, with spaces between: first the name and the
three times that BullMQ notes.
KEYS: deadlines, completed, failed, jobs
ARGV: head:number, fields
EACH KEYS: job, logs
EACH ARGV: id, after:number
Returns: for each job { state, score if it is delayed, position, length of the journal, time to cancel it at, the payload's first `head`
bytes, attempts, fields, rows }, or false if there is none
Writes: end
]]
--include queues
--include place_of
local function number(reply) return type(reply) == 'number' and reply or 0 end
local wanted = {}
for name in string.gmatch(fields, '%S+') do wanted[#wanted + 1] = name end

local function lengthOfEnded(job, id, length)
  local fixed = tonumber(redis.call('HGET', job, FIELDS.end) or '')
  if not fixed or fixed < 1 or fixed > 2 ^ 53 or fixed % 1 ~= 0 then
    fixed = length + 1
    redis.pcall('HSET', job, FIELDS.end, fixed) -- a full Redis refuses it, and can be read all the same
    redis.pcall('ZREM', deadlines, id)
  end
  return fixed - 1
end

local function read(job, logs, id, after)
  local values = redis.pcall('HMGET', job, 'data', 'opts', unpack(wanted))
  -- a name, or a time that BullMQ notes: else it is no job's record
  if values.err or not (values[3] or values[4] or values[5] or values[6]) then return false end
  local payload = string.sub(values[1] or '', 1, head)
  local attempts = string.match(values[2] or '', '"attempts":(%d+)') or ''
  local state, at, position = placeOf(id)
  local length = number(redis.pcall('LLEN', logs))
  if state == 'completed' or state == 'failed' then length = lengthOfEnded(job, id, length) end
  local cancelAt = redis.pcall('ZSCORE', deadlines, id)
  local rows = {}
  if after >= 0 and length > after then rows = redis.pcall('LRANGE', logs, after, length - 1) end
  return { state, at, position, length, type(cancelAt) == 'string' and cancelAt or '', payload, attempts, { unpack(values, 3, #wanted + 2) }, rows.err and {} or rows }
end

local found = {}
--each
  found[entry] = read(job, logs, id, after)
end
return found
