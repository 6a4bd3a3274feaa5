import { checkNames, wholeNumber } from '@gwh/core/options'
import { type Clock, systemClock } from '@gwh/core/queue'
import type { ActiveClaim, Claim, ClaimDeadlines, IdempotencyStore } from '@gwh/core/store'
import { createAbandonedClaims } from './abandoned-claims.ts'
import { within } from './deadline.ts'
import { createEvictionCheck, evictionRefused } from './eviction.ts'
import { checkPrefix, checkTimes, toRecordName } from './options.ts'
import { toUnavailable, unexpectedReply } from './redis-errors.ts'
import { guardAgainstErrorEvents, type RedisLike, toSendCommand } from './redis-like.ts'
import { createScripts } from './run-scripts.ts'
import { STORE_SCRIPTS } from './scripts.ts'

/** Options of a Redis idempotency store. */
export interface RedisStoreOptions {
  /** A client of ioredis or node-redis, single, cluster or sentinel. You connect it and you close it. */
  client: RedisLike
  /** The prefix of all records. Default `gwh:claim:`. A `keyPrefix` of the client is not always applied. */
  prefix?: string
  /** How long each method waits for Redis, in milliseconds. Default 500: claim and completion take at most 1 s. */
  commandTimeoutMs?: number
  /** Accepts a Redis that evicts keys when its memory is full, so that deliveries may be handled twice. Default `false`. */
  allowEviction?: boolean
  /** The current time in epoch milliseconds, for leases. Default: the clock's. */
  now?: () => number
  /** The timer of `commandTimeoutMs` and of the eviction check, and the default of `now`. Default: the machine's clock. */
  clock?: Clock
}

const NAMES = ['client', 'prefix', 'commandTimeoutMs', 'allowEviction', 'now', 'clock']

/**
 * Makes an idempotency store on Redis 6.2 or newer, shared by all machines that use the same Redis and `prefix`.
 *
 * Each verb is one atomic script on one key. What survives a crash of Redis is up to its `appendfsync`.
 *
 * **Time.** Leases are compared with the caller's clock, because the deadlines come from it. Machines that share a store
 * should agree to a few seconds. Where they do not, a lease may be taken over early, and fencing still lets only the
 * newest owner settle. A lease that begins more than five minutes in the future ends when Redis has counted down its
 * length. Redis deletes a record after the time from now to `expiresAt`, on its own clock.
 *
 * **No answer.** A claim that fails or takes too long rejects with `store_unavailable`, but Redis may still carry it
 * out. Such a claim is abandoned, because no handler runs under it. This store releases it when a late answer arrives;
 * until then its own next claim on the key takes it over without counting an attempt. Other machines wait until it is
 * released or its lease ends. A completion or release without an answer may still take effect.
 *
 * **Eviction.** The first claim, the first after each reconnect, and then one claim a minute check the
 * `maxmemory-policy` of Redis (of one node in a cluster). Anything but `noeviction` rejects the claim with `store_volatile` unless
 * `allowEviction`. A Redis that forbids `INFO` is accepted.
 *
 * `close` does not close the client, and leaves a listener on its `error` event, so that a lost connection does not end
 * the process.
 *
 * @example
 * ```ts
 * const client = await createClient({ url: process.env.REDIS_URL }).connect()
 * const receiver = createReceiver({ static: { secrets }, store: createRedisStore({ client }) })
 * ```
 * @throws WebhookConfigError `option_invalid`
 */
export function createRedisStore(options: RedisStoreOptions): IdempotencyStore {
  checkNames(options, NAMES, 'createRedisStore()')
  const { client, prefix = 'gwh:claim:', allowEviction = false } = options
  const { clock = systemClock, now = clock.now } = options
  checkPrefix(prefix)
  const commandTimeoutMs = wholeNumber('commandTimeoutMs', options.commandTimeoutMs, 500)
  const run = createScripts(toSendCommand(client), STORE_SCRIPTS)
  guardAgainstErrorEvents(client)
  const eviction = createEvictionCheck(client, allowEviction, clock)
  const abandoned = createAbandonedClaims()

  const take = async (key: string, token: string, deadlines: ClaimDeadlines, signal: AbortSignal) => {
    const present = now()
    checkTimes({ now: present, ...deadlines })
    return await eviction.run(async (checks) => {
      const args = claimArguments(token, present, deadlines, checks)
      const reply = await run('claim', toRecordName(prefix, key), [...args, ...abandoned.tokens(key)], signal)
      return toClaim(reply, key, token)
    })
  }
  const settle = async (verb: 'complete' | 'release' | 'withdraw', { key, token }: ActiveClaim) => {
    try {
      const reply = run(verb, toRecordName(prefix, key), [token])
      return toVerdict(await within(commandTimeoutMs, clock, reply))
    } catch (error) {
      throw toUnavailable(error, verb)
    }
  }

  return {
    async claim(key, deadlines) {
      const token = crypto.randomUUID()
      const waiting = new AbortController()
      const taken = take(key, token, deadlines, waiting.signal)
      try {
        const claim = await within(commandTimeoutMs, clock, taken, () => waiting.abort())
        if (claim.status === 'claimed') abandoned.forget(key)
        return claim
      } catch (error) {
        abandoned.add(key, token, deadlines.leaseUntil, now())
        whenClaimed(taken, (claim) => settle('withdraw', claim))
        throw toUnavailable(error, 'claim')
      }
    },
    complete: (claim) => settle('complete', claim),
    release: (claim) => settle('release', claim),
    close: async () => eviction.close(),
  }
}

function claimArguments(
  token: string,
  now: number,
  { leaseUntil, expiresAt }: ClaimDeadlines,
  checkEviction: boolean,
): string[] {
  const lifeMs = Math.ceil(expiresAt - now)
  return [now, token, leaseUntil, expiresAt, lifeMs, checkEviction ? 1 : 0].map(String)
}

/** Handles a claim that is won after its caller has given up; if that fails, the lease ends it. */
function whenClaimed(late: Promise<Claim>, then: (claim: ActiveClaim) => Promise<unknown>): void {
  late.then((claim) => (claim.status === 'claimed' ? then(claim) : undefined)).catch(() => {})
}

function toClaim(reply: unknown, key: string, token: string): Claim {
  // Clients reply with strings, bytes or numbers.
  const [status, detail] = Array.isArray(reply) ? reply.map(String) : []
  if (status === 'completed') return { status }
  if (status === 'claimed' && Number(detail) >= 1) return { status, key, token, attempt: Number(detail) }
  if (status === 'in_progress' && Number(detail) >= 0) return { status, leaseUntil: Number(detail) }
  if (status === 'evicting') throw evictionRefused(String(detail))
  throw unexpectedReply()
}

function toVerdict(reply: unknown): boolean {
  const verdict = String(reply)
  if (verdict !== '1' && verdict !== '0') throw unexpectedReply()
  return verdict === '1'
}
