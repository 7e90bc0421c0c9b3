--[[
Frees a deduplication key, if it is still this job's.
KEYS: dedup
ARGV: id
Returns: nothing
]]
if redis.call('GET', dedup) == id then redis.call('DEL', dedup) end
