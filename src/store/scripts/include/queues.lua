-- A job waits and runs in its lane, which is the BullMQ queue of its kind, or in the queue that all kinds share. queueIn(lane) returns what
-- the keys of a lane begin with ('' for the queue that all kinds share); queuesOf(id) does for both where a job can be.
-- Expects jobs, what the keys of records begin with
local function queueIn(lane) return lane == '' and jobs or string.sub(jobs, 1, -2) .. '-' .. lane .. ':' end
local function queuesOf(id) return { queueIn(string.sub(id, 1, -34)), jobs } end
