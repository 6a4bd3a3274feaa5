import { LEDGER_SKEW_MS } from '@gwh/core/store'
import { READ_POLICY } from './eviction.ts'

// KEYS[1] is the name of the ledger, for jobs with that of their endpoint. It has a hash tag: every record of a ledger has
// this prefix and is in the same slot of a cluster. A job is a hash, and until it is settled its id is a member of three
// sorted sets: by the time of its next look-up, by the time it was last taken, and by the last time it was added or taken. An event that is being handled, or was,
// is a hash too.
const JOB = "local job = KEYS[1] .. ':job:' .. ARGV[1]"
const EVENT = "local event = KEYS[1] .. ':event:' .. ARGV[1]"

/** ARGV: id, name, created at, look at, metadata or nothing. */
const OPEN = `${JOB}
if redis.call('EXISTS', job) == 1 then
  if redis.call('HEXISTS', job, 'givenUp') == 0 then return 0 end
  redis.call('DEL', job)
end
redis.call('HSET', job, 'name', ARGV[2], 'createdAt', ARGV[3], 'lookAt', ARGV[4], 'lookups', 0)
if ARGV[5] then redis.call('HSET', job, 'userMetadata', ARGV[5]) end
redis.call('ZADD', KEYS[1] .. ':due', ARGV[4], ARGV[1])
redis.call('ZADD', KEYS[1] .. ':taken', 0, ARGV[1])
redis.call('ZADD', KEYS[1] .. ':written', ARGV[3], ARGV[1])
return 1`

/** ARGV: id. Replies names and values. */
const FIND = `${JOB}
return redis.call('HGETALL', job)`

// Redis counts down a life by its own clock, from the caller's time to the expiry that the caller set.
const EXPIRE = `local function expire(at, now)
  redis.call('PEXPIRE', job, string.format('%.0f', math.max(1, math.ceil(at - now))))
end`

const FORGET = `for _, set in ipairs({ ':due', ':taken', ':written' }) do
  redis.call('ZREM', KEYS[1] .. set, ARGV[1])
end`

const HAS_ENDED = `local givenUp = redis.call('HEXISTS', job, 'givenUp') == 1
if redis.call('HEXISTS', job, 'event') == 1 and not givenUp then return 0 end`

/** ARGV: id, event, now, expires at, name. A job that was settled without an event stays settled. */
const END = `${JOB}
${EXPIRE}
${HAS_ENDED}
if redis.call('EXISTS', job) == 0 or givenUp then
  redis.call('HSETNX', job, 'name', ARGV[5])
  redis.call('HSETNX', job, 'createdAt', ARGV[3])
  redis.call('HSETNX', job, 'lookups', 0)
  redis.call('HSET', job, 'lookAt', ARGV[3])
  redis.call('HDEL', job, 'givenUp')
  redis.call('PERSIST', job)
  redis.call('ZADD', KEYS[1] .. ':due', ARGV[3], ARGV[1])
  redis.call('ZADD', KEYS[1] .. ':taken', 0, ARGV[1])
  redis.call('ZADD', KEYS[1] .. ':written', redis.call('HGET', job, 'createdAt'), ARGV[1])
end
redis.call('HSET', job, 'event', ARGV[2], 'expiresAt', ARGV[4])
if redis.call('PTTL', job) > 0 then expire(ARGV[4], ARGV[3]) end
return 1`

/** ARGV: id, event, now, expires at, name. */
const GIVE_UP = `${JOB}
${EXPIRE}
${HAS_ENDED}
redis.call('HSETNX', job, 'name', ARGV[5])
redis.call('HSETNX', job, 'createdAt', ARGV[3])
redis.call('HSETNX', job, 'lookAt', ARGV[3])
redis.call('HSETNX', job, 'lookups', 0)
redis.call('HSET', job, 'event', ARGV[2], 'expiresAt', ARGV[4], 'givenUp', 1)
${FORGET}
expire(ARGV[4], ARGV[3])
return 1`

/** ARGV: id, now, when it expires if it has no event. */
const SETTLE = `${JOB}
${EXPIRE}
if redis.call('EXISTS', job) == 0 then return 0 end
${FORGET}
redis.call('HSETNX', job, 'expiresAt', ARGV[3])
expire(redis.call('HGET', job, 'expiresAt'), ARGV[2])
return 1`

// How many jobs one call corrects that a clock that was ahead has written.
const MOST_CORRECTED = 1_000

/** ARGV: the sorted set, the highest score, now, until, limit. Replies a list of ids, names and values. */
const TAKE = `
local now = tonumber(ARGV[3])
local ahead = redis.call('ZRANGEBYSCORE', KEYS[1] .. ':written', '(' .. string.format('%.0f', now + ${LEDGER_SKEW_MS}), '+inf',
  'LIMIT', 0, ${MOST_CORRECTED})
for _, id in ipairs(ahead) do
  local job = KEYS[1] .. ':job:' .. id
  redis.call('ZADD', KEYS[1] .. ':due', ARGV[3], id)
  redis.call('ZADD', KEYS[1] .. ':taken', 0, id)
  redis.call('ZADD', KEYS[1] .. ':written', ARGV[3], id)
  local created = redis.call('HGET', job, 'createdAt')
  if created then
    if tonumber(created) > now then redis.call('HSET', job, 'createdAt', ARGV[3]) end
    redis.call('HSET', job, 'lookAt', ARGV[3])
  end
end
local ids = redis.call('ZRANGEBYSCORE', KEYS[1] .. ':' .. ARGV[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[5])
local jobs = {}
for i, id in ipairs(ids) do
  local job = KEYS[1] .. ':job:' .. id
  if redis.call('EXISTS', job) == 0 then
    for _, set in ipairs({ ':due', ':taken', ':written' }) do redis.call('ZREM', KEYS[1] .. set, id) end
  else
    jobs[#jobs + 1] = { id, redis.call('HGETALL', job) }
    redis.call('HINCRBY', job, 'lookups', 1)
    redis.call('HSET', job, 'lookAt', ARGV[4])
    redis.call('ZADD', KEYS[1] .. ':due', ARGV[4], id)
    redis.call('ZADD', KEYS[1] .. ':taken', ARGV[3], id)
    redis.call('ZADD', KEYS[1] .. ':written', ARGV[3], id)
  end
end
return jobs`

/** ARGV: id, look at. */
const POSTPONE = `${JOB}
if not redis.call('ZSCORE', KEYS[1] .. ':due', ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1] .. ':due', ARGV[2], ARGV[1])
redis.call('HSET', job, 'lookAt', ARGV[2])
return 1`

/** ARGV: now. Replies the time of the next look-up, or an empty string. */
const NEXT = `
local ahead = '(' .. string.format('%.0f', ARGV[1] + ${LEDGER_SKEW_MS})
if redis.call('ZCOUNT', KEYS[1] .. ':written', ahead, '+inf') > 0 then return ARGV[1] end
return redis.call('ZRANGE', KEYS[1] .. ':due', 0, 0, 'WITHSCORES')[2] or ''`

/** ARGV: key, holder, now, lease until, expires at, life in ms from now. */
const BEGIN = `${EVENT}
local held = redis.call('HMGET', event, 'holder', 'handled', 'lease', 'expires', 'begun')
local handled = '0'
if held[5] and tonumber(held[5]) > tonumber(ARGV[3]) + ${LEDGER_SKEW_MS} then
  held[3] = string.format('%.0f', held[3] - held[5] + ARGV[3])
  redis.call('HSET', event, 'lease', held[3], 'begun', ARGV[3])
end
if held[1] and tonumber(held[4]) > tonumber(ARGV[3]) then
  if held[1] ~= ARGV[2] then
    if held[2] == '1' then return 'handled' end
    if tonumber(held[3]) > tonumber(ARGV[3]) then return 'in_progress' end
  end
  handled = held[2]
end
redis.call('HSET', event, 'holder', ARGV[2], 'handled', handled, 'begun', ARGV[3], 'lease', ARGV[4],
  'expires', ARGV[5])
redis.call('PEXPIRE', event, ARGV[6])
return 'claimed'`

/** ARGV: key, holder. */
const COMPLETE = `${EVENT}
if redis.call('HGET', event, 'holder') ~= ARGV[2] then return 0 end
redis.call('HSET', event, 'handled', '1')
return 1`

/** ARGV: key, holder. */
const RELEASE = `${EVENT}
local held = redis.call('HMGET', event, 'holder', 'handled')
if held[1] == ARGV[2] and held[2] == '0' then redis.call('DEL', event) end
return 1`

/** Replies an eviction policy that loses jobs, or an empty string. */
const POLICY = `${READ_POLICY}
return policy or ''`

/** The scripts of the job ledger. */
export const LEDGER_SCRIPTS = {
  policy: POLICY,
  open: OPEN,
  find: FIND,
  end: END,
  giveUp: GIVE_UP,
  settle: SETTLE,
  take: TAKE,
  postpone: POSTPONE,
  next: NEXT,
  begin: BEGIN,
  complete: COMPLETE,
  release: RELEASE,
}
