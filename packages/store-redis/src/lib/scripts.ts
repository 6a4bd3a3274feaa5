import { READ_POLICY } from './eviction.ts'

// A record is a hash. In progress: token, lease, leased, at, attempt, expires. Released: attempt, expires. Completed:
// expires. `leased` is when the lease began by the caller's clock, `at` the same by Redis's.
// Settling only removes fields, which Redis allows even when its memory is full.

// How far ahead of the caller's clock a lease may begin. Beyond that, one of the clocks is wrong: a process whose clock
// was five days ahead would otherwise block its keys for five days.
const MOST_SKEW_MS = 300_000

/**
 * Claims a record. ARGV: now, token, lease, expires, life in ms, whether to check the eviction policy, and the
 * tokens of claims the caller has abandoned.
 *
 * Replies `{'claimed', attempt}`, `{'in_progress', lease}`, `{'completed'}` or `{'evicting', policy}`.
 */
const CLAIM = `
if ARGV[6] == '1' then
  ${READ_POLICY}
  if policy then return {'evicting', policy} end
end
local held = redis.call('HMGET', KEYS[1], 'token', 'lease', 'attempt', 'expires', 'leased', 'at')
local token, lease, attempt, expires, leased, at = held[1], held[2], held[3], held[4], held[5], held[6]
local now = tonumber(ARGV[1])
local time = redis.call('TIME')
local present = time[1] * 1000 + math.floor(time[2] / 1000)
if lease and leased and tonumber(leased) > now + ${MOST_SKEW_MS} then
  lease = now + (lease - leased) - (present - at)
end
if not expires or tonumber(expires) <= now then
  attempt = 0
elseif not attempt then
  return {'completed'}
elseif token == ARGV[2] then
  return {'claimed', attempt}
elseif token then
  local abandoned = false
  for i = 7, #ARGV do abandoned = abandoned or ARGV[i] == token end
  if abandoned then
    attempt = attempt - 1
  elseif tonumber(lease) > now then
    return {'in_progress', tostring(lease)}
  end
end
attempt = attempt + 1
redis.call('HSET', KEYS[1], 'token', ARGV[2], 'lease', ARGV[3], 'leased', ARGV[1], 'at', string.format('%.0f', present), 'attempt', attempt, 'expires', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {'claimed', attempt}`

// Every write after the claim goes through this fence.
const IF_HELD = "if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end"

const COMPLETE = `${IF_HELD}
redis.call('HDEL', KEYS[1], 'token', 'lease', 'leased', 'at', 'attempt')
return 1`

const RELEASE = `${IF_HELD}
redis.call('HDEL', KEYS[1], 'token', 'lease', 'leased', 'at')
return 1`

/** As a release, but the attempt does not count. */
const WITHDRAW = `${IF_HELD}
redis.call('HDEL', KEYS[1], 'token', 'lease', 'leased', 'at')
redis.call('HINCRBY', KEYS[1], 'attempt', -1)
return 1`

/** The scripts of the idempotency store. */
export const STORE_SCRIPTS = { claim: CLAIM, complete: COMPLETE, release: RELEASE, withdraw: WITHDRAW }
