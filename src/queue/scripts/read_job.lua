--[[
Reads a job: its state first, then the fields and the rows past the number `after` (none if it is -1). The first to see that a job
has ended fixes the sequence number of its end, for all processes and for ever, and takes it out of the deadlines. What is of
another type than it should be is as if it were not there. Of the payload only the beginning is returned, which says whose the job is;
the input behind it may be long. The rest are the fields that are wanted: first the name and the three times that BullMQ notes.
KEYS: job, logs, deadlines, completed, failed, delayed, prioritized, active, wait
ARGV: id, after:number, head:number, ...
Returns: { state, score if it is delayed, position, length of the journal, time to cancel it at, the payload's first `head` bytes, attempts,
fields, rows }; nil if there is no job
]]
--include place_of
local function number(reply) return type(reply) == 'number' and reply or 0 end
local fields = redis.pcall('HMGET', job, unpack(ARGV, rest))
-- a name, or a time that BullMQ notes: else it is no job's record
if fields.err or not (fields[1] or fields[2] or fields[3] or fields[4]) then return false end

local state, at, position = placeOf(id)
local length = number(redis.pcall('LLEN', logs))
if state == 'completed' or state == 'failed' then
  local fixed = tonumber(redis.call('HGET', job, FIELDS.end) or '')
  if not fixed or fixed < 1 or fixed > 2 ^ 53 or fixed % 1 ~= 0 then
    fixed = length + 1
    redis.pcall('HSET', job, FIELDS.end, fixed) -- a full Redis refuses it, and can be read all the same
    redis.pcall('ZREM', deadlines, id)
  end
  length = fixed - 1
end
local cancelAt = redis.pcall('ZSCORE', deadlines, id)
local rows = {}
if after >= 0 and length > after then rows = redis.pcall('LRANGE', logs, after, length - 1) end
local payload = string.sub(redis.call('HGET', job, 'data') or '', 1, head)
local attempts = string.match(redis.call('HGET', job, 'opts') or '', '"attempts":(%d+)') or ''
return { state, at, position, length, type(cancelAt) == 'string' and cancelAt or '', payload, attempts, fields, rows.err and {} or rows }
