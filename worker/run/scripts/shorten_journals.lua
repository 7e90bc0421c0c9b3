--[[
Puts short rows in the place of a completed job's rows, and drops what only a further run would need. A job that is gone, or whose
journal has not so many rows, stays as it is. The rest are for each job its id, how many rows it has, and the rows; `jobs` is what the
jobs' keys begin with.
KEYS: jobs, completed
ARGV: ...
Returns: nothing
Writes: checkpoint
]]
local at = rest
while at < #ARGV do
  local id, count = ARGV[at], tonumber(ARGV[at + 1])
  local logs = jobs .. id .. ':logs'
  if redis.call('ZSCORE', completed, id) and redis.pcall('LLEN', logs) == count then
    redis.call('DEL', logs)
    redis.call('RPUSH', logs, unpack(ARGV, at + 2, at + 1 + count))
    redis.pcall('HDEL', jobs .. id, FIELDS.checkpoint)
  end
  at = at + 2 + count
end
