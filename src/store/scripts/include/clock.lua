-- now: Redis' own time, in ms since the epoch. It is the one clock of all processes: their own clocks may differ
local seconds, micros = unpack(redis.call('TIME'))
local now = seconds * 1000 + math.floor(micros / 1000)
