import { READ_POLICY } from './eviction.ts'

// A record is a hash. In progress: token, lease, leased, at, attempt, expires. Released: attempt, expires. Completed:
// expires. `leased` is when the lease began by the caller's clock, `at` the same by Redis's.
// Settling only removes fields, which Redis allows even when its memory is full.

// How far ahead of the caller's clock a lease may begin. Beyond that, one of the clocks is wrong: a process whose clock
// was five days ahead would otherwise block its keys for five days.
const MOST_SKEW_MS = 300_000

/**
 * Defines `isolated`, which calls a function for one key of several. If something is wrong with the record of that key
 * (it has another type, or a field is not a number), the result is the key's reply, `error <why>`. Any other error of
 * Redis, such as READONLY, concerns every key; it is the second result.
 *
 * What Lua's `pcall` returns for an error of Redis depends on the version of Redis, so `call` keeps the error.
 */
const ISOLATED = `
local failure
local function call(...)
  local reply = redis.pcall(...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  failure = reply
  error(reply.err)
end
local function isolated(each, ...)
  local ok, reply = pcall(each, ...)
  if ok then return reply end
  if not failure then return 'error ' .. reply end
  local err = failure.err
  if not err:find('^WRONGTYPE') and not err:find('^ERR ') then return nil, failure end
  failure = nil
  return 'error ' .. err
end`

/**
 * Claims records, each on its own. ARGV: now, whether to check the eviction policy, and for each key the token, the lease,
 * the expiry and the tokens of claims the caller has abandoned, with blanks between them.
 *
 * Replies for each key `claimed <attempt>`, `in_progress <lease>`, `completed` or `error <why>`; for all of them
 * `evicting <policy>`. An error that concerns more than one key, such as READONLY, is an error of the script, because
 * clients reconnect or follow a redirection on those.
 */
const CLAIM = `${ISOLATED}
if ARGV[2] == '1' then
  ${READ_POLICY}
  if policy then return 'evicting ' .. policy end
end
local now = tonumber(ARGV[1])
local time = redis.call('TIME')
local present = time[1] * 1000 + math.floor(time[2] / 1000)
local function claim(key, token, lease, expires, abandoned)
  local held = call('HMGET', key, 'token', 'lease', 'attempt', 'expires', 'leased', 'at')
  local holder, held_lease, attempt, held_expires, leased, at = held[1], held[2], held[3], held[4], held[5], held[6]
  if held_lease and leased and tonumber(leased) > now + ${MOST_SKEW_MS} then
    held_lease = now + (held_lease - leased) - (present - at)
  end
  if not held_expires or tonumber(held_expires) <= now then
    attempt = 0
  elseif not attempt then
    return 'completed'
  elseif holder == token then
    return 'claimed ' .. attempt
  elseif holder then
    if abandoned:find(holder, 1, true) then
      attempt = attempt - 1
    elseif tonumber(held_lease) > now then
      return 'in_progress ' .. held_lease
    end
  end
  attempt = attempt + 1
  call('HSET', key, 'token', token, 'lease', lease, 'leased', ARGV[1], 'at', string.format('%.0f', present), 'attempt', attempt, 'expires', expires)
  call('PEXPIRE', key, string.format('%.0f', math.ceil(expires - now)))
  return 'claimed ' .. attempt
end
local replies = {}
for i, key in ipairs(KEYS) do
  local reply, fatal = isolated(claim, key, ARGV[i + 2]:match('^(%S+) (%S+) (%S+)(.*)$'))
  if fatal then return fatal end
  replies[i] = reply
end
return replies`

/**
 * Settles claims, each on its own. ARGV: for each key the verb and the token, with a blank between them. The verb is
 * `complete`, `release`, or `withdraw`: as a release, but the attempt does not count.
 *
 * Replies for each key 1, or 0 when another claim holds it. This fence is before every write that follows a claim.
 */
const SETTLE = `${ISOLATED}
local function settle(key, verb, token)
  local holder = call('HGET', key, 'token')
  if holder ~= token then return 0 end
  if verb == 'complete' then
    call('HDEL', key, 'token', 'lease', 'leased', 'at', 'attempt')
  else
    call('HDEL', key, 'token', 'lease', 'leased', 'at')
    if verb == 'withdraw' then call('HINCRBY', key, 'attempt', -1) end
  end
  return 1
end
local replies = {}
for i, key in ipairs(KEYS) do
  local reply, fatal = isolated(settle, key, ARGV[i]:match('^(%S+) (%S+)$'))
  if fatal then return fatal end
  replies[i] = reply
end
return replies`

/** The scripts of the idempotency store. Each takes any number of keys, which must be in one slot of a cluster. */
export const STORE_SCRIPTS = { claim: CLAIM, settle: SETTLE }
