-- mend(key, type) removes a key that is of another type: what it held for us is lost already
local function mend(key, wanted)
  local found = redis.call('TYPE', key).ok
  if found ~= wanted and found ~= 'none' then redis.call('DEL', key) end
end
