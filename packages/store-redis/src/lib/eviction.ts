import { WebhookConfigError } from '@gwh/core/errors'
import { type Clock, monotonicNow } from '@gwh/core/queue'
import type { RedisLike } from './redis-like.ts'

/**
 * Part of a script: reads the eviction policy into `policy`, unless it is `noeviction` or Redis does not tell it.
 */
export const READ_POLICY = `local info = redis.pcall('INFO', 'memory')
local policy = type(info) == 'string' and info:match('maxmemory_policy:([%w-]+)')
if policy == 'noeviction' then policy = nil end`

/** Decides which claims check the eviction policy of Redis. */
export interface EvictionCheck {
  /**
   * Sends a claim and resolves to its reply. A claim may wait in the client until it has reconnected, perhaps to
   * another Redis; without a check it is then sent again with one, which is safe because a claim is idempotent.
   *
   * @param send Sends the claim; its argument says whether the claim checks the policy
   */
  run<T>(send: (checks: boolean) => Promise<T>): Promise<T>
  /**
   * Checks the policy if it is due, before a call that cannot be sent twice.
   *
   * @param check Reads the policy, and rejects if it is a wrong one
   */
  before(check: () => Promise<void>): Promise<void>
  /** Stops listening to the client. */
  close(): void
}

// The policy may be changed while the connection stays, or a proxy may switch to another Redis.
const CHECK_AGAIN_MS = 60_000

/** Makes a check for the first claim, the first after each reconnect, and then one a minute. */
export function createEvictionCheck(client: RedisLike, allowEviction: boolean, clock: Clock): EvictionCheck {
  let connection = 0
  let passed: { connection: number; at: number } | undefined
  const onConnect = () => {
    connection++
  }
  // Not `ready`: node-redis sends what waits together with its handshake, before it is `ready`.
  client.on?.('connect', onConnect)
  const isDue = () => passed?.connection !== connection || monotonicNow(clock) - passed.at >= CHECK_AGAIN_MS
  return {
    async run(send) {
      const [checks, sentOn] = [!allowEviction && isDue(), connection]
      const reply = await send(checks)
      // Only the answer to a claim that checked says something, and only about the Redis that gave it.
      if (checks) passed = { connection: sentOn, at: monotonicNow(clock) }
      return allowEviction || checks || sentOn === connection ? reply : await send(true)
    },
    async before(check) {
      if (allowEviction || !isDue()) return
      const checkedOn = connection
      await check()
      passed = { connection: checkedOn, at: monotonicNow(clock) }
    },
    close() {
      client.off?.('connect', onConnect)
    },
  }
}

/**
 * The error for a Redis that deletes records when its memory is full: deliveries would be handled twice, jobs forgotten.
 *
 * @param what What is evicted, for the message
 */
export function evictionRefused(policy: string, what = 'claims'): WebhookConfigError {
  return new WebhookConfigError(
    'store_volatile',
    `Redis may evict ${what} (maxmemory-policy is ${policy}); set it to noeviction, or pass allowEviction: true`,
  )
}
