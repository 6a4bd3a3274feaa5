import { checkNames, wholeNumber } from '@gwh/core/options'
import { type Clock, systemClock } from '@gwh/core/queue'
import type { ActiveClaim, Claim, ClaimDeadlines, IdempotencyStore } from '@gwh/core/store'
import { createAbandonedClaims } from './abandoned-claims.ts'
import { createEvictionCheck, evictionRefused } from './eviction.ts'
import { checkPrefix, checkTimes, toRecordName } from './options.ts'
import { toUnavailable, unexpectedReply } from './redis-errors.ts'
import { guardAgainstErrorEvents, isCluster, type RedisLike, toSendCommand } from './redis-like.ts'
import { createScripts } from './run-scripts.ts'
import { STORE_SCRIPTS } from './scripts.ts'
import { groupByTurn } from './turns.ts'

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
 * Each call is atomic. What survives a crash of Redis is up to its `appendfsync`.
 *
 * **Grouping.** Calls of one turn of the event loop share a script of up to 100 keys. On a cluster, and once Redis has
 * refused keys of different slots, each call is a script of its own. A proxy that spreads keys over several servers
 * without checking slots (twemproxy, Envoy) is not supported: it would send a whole group to one server.
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
 * `maxmemory-policy` of Redis (of one node in a cluster). Anything but `noeviction` rejects the claim with
 * `store_volatile` unless `allowEviction`. A Redis that forbids `INFO` is accepted.
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

  const common = { together: !isCluster(client), timeoutMs: commandTimeoutMs, clock }
  const take = groupByTurn<PendingClaim>({
    ...common,
    send: (calls, signal) =>
      eviction.run(async (checks) => {
        const args = [String(now()), checks ? '1' : '0', ...calls.map(toClaimArgument)]
        return toReplies(await run('claim', toRecordNames(calls), args, signal))
      }),
    late: (claim, reply) => withdrawIfClaimed(claim, reply),
  })
  const settle = groupByTurn<Settling>({
    ...common,
    // Without the signal: a completion is worth carrying out even if its caller has given up.
    send: async (calls) => {
      const args = calls.map(({ verb, token }) => `${verb} ${token}`)
      return toReplies(await run('settle', toRecordNames(calls), args))
    },
  })
  const withdrawIfClaimed = ({ record, token }: PendingClaim, reply: unknown) => {
    // If that fails too, the lease ends the claim.
    if (String(reply).startsWith('claimed')) settle({ record, token, verb: 'withdraw' }).catch(() => {})
  }
  const settleAs = async (verb: 'complete' | 'release', { key, token }: ActiveClaim) => {
    try {
      return toVerdict(await settle({ record: toRecordName(prefix, key), token, verb }))
    } catch (error) {
      throw toUnavailable(error, verb)
    }
  }

  return {
    async claim(key, deadlines) {
      const record = toRecordName(prefix, key)
      checkTimes({ now: now(), ...deadlines })
      const token = crypto.randomUUID()
      try {
        const reply = await take({ record, token, ...deadlines, abandoned: abandoned.tokens(key) })
        const claim = toClaim(reply, key, token)
        if (claim.status === 'claimed') abandoned.forget(key)
        return claim
      } catch (error) {
        abandoned.add(key, token, deadlines.leaseUntil, now())
        throw toUnavailable(error, 'claim')
      }
    },
    complete: (claim) => settleAs('complete', claim),
    release: (claim) => settleAs('release', claim),
    close: async () => eviction.close(),
  }
}

interface PendingClaim extends ClaimDeadlines {
  record: string
  token: string
  /** Tokens that may be taken over. */
  abandoned: readonly string[]
}

interface Settling {
  record: string
  token: string
  verb: 'complete' | 'release' | 'withdraw'
}

function toRecordNames(calls: readonly { record: string }[]): readonly [string, ...string[]] {
  return calls.map(({ record }) => record) as [string, ...string[]]
}

function toClaimArgument({ token, leaseUntil, expiresAt, abandoned }: PendingClaim): string {
  return [token, leaseUntil, expiresAt, ...abandoned].join(' ')
}

function toReplies(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply
  const [status, detail] = split(reply)
  throw status === 'evicting' ? evictionRefused(detail) : unexpectedReply()
}

function toClaim(reply: unknown, key: string, token: string): Claim {
  const [status, detail] = split(reply)
  if (status === 'completed') return { status }
  if (status === 'claimed' && Number(detail) >= 1) return { status, key, token, attempt: Number(detail) }
  if (status === 'in_progress' && detail !== '' && Number(detail) >= 0)
    return { status, leaseUntil: Number(detail) }
  throw status === 'error' ? new Error(detail) : unexpectedReply()
}

function toVerdict(reply: unknown): boolean {
  const [verdict, detail] = split(reply)
  if (verdict === '1' || verdict === '0') return verdict === '1'
  throw verdict === 'error' ? new Error(detail) : unexpectedReply()
}

/** The first word and the rest. Clients reply with strings, bytes or numbers. */
function split(reply: unknown): [string, string] {
  const [word = '', ...rest] = String(reply).split(' ')
  return [word, rest.join(' ')]
}
