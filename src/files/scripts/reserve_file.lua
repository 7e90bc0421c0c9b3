--[[
Makes room for a file, if there is any, and begins it: what was there under its name goes. With a
token only the run that holds the job's lock may. `key` is the file's; `files` is what the keys of
all files begin with. The file is not read before it is whole. One for which the run has reserved
room is taken whatever its size: it is paid for, and the estimate was at fault. `maxTotal` and
`maxEach`: how much all files and those of one tenant may take. `graceMs`: when to look whether its
job is there. `keptMs`: when Redis drops the file if nobody looks after it.
KEYS: key, job, lock, ledger, due, used, files
ARGV: id, name, tenant, token, version, mediaType, digest, bytes:number, graceMs:number, keptMs:number, maxTotal:number, maxEach:number
Returns: { 'begun' }; { 'there' } if the same file is there; { 'lost' }; { 'full', 'all' or 'own', ms until enough has gone or -1, 1 if unfinished jobs hold enough }
]]
--include clock
--include mend
--include ledger
--include room
if token ~= '' and (redis.call('GET', lock) ~= token or redis.call('HGET', job, 'finishedOn')) then return { 'lost' } end
local entry = entryOf(id) or { tenant = tenant, files = {} }
local known = redis.pcall('HMGET', key, 'digest', 'type', 'whole')
if not known.err and known[1] == digest and known[2] == mediaType and known[3] and entry.files[name] then return { 'there' } end

local held = tonumber(entry.files[name]) or 0
local isReserved = token ~= '' and type(entry.reserved) == 'table' and entry.reserved[name]
local full = not isReserved and noRoom(entry, bytes - held)
if full then return full end

redis.call('DEL', key)
redis.call('HSET', key, 'version', version, 'type', mediaType, 'digest', digest, 'bytes', bytes)
redis.call('PEXPIRE', key, keptMs)
count(entry.tenant, bytes - held)
entry.files[name] = bytes
if isReserved then entry.reserved[name] = nil end
entry.at = now
entry.open = true
entry.next = goesAtEnd(entry)
saveEntry(id, entry, now + graceMs)
return { 'begun' }
