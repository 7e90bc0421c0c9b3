--[[
Writes a piece of a file that was begun as this version. With a token only the run that holds the
job's lock may.
KEYS: key, lock
ARGV: token, version, index, last:number, piece
Returns: 1; 0 if the file is not there as this version any more; -1 if the run may not write
]]
if token ~= '' and redis.call('GET', lock) ~= token then return -1 end
if redis.call('HGET', key, 'version') ~= version then return 0 end
redis.call('HSET', key, index, piece)
if last == 1 then redis.call('HSET', key, 'whole', '1') end
return 1
