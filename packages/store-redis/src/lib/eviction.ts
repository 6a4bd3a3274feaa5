import { WebhookConfigError } from '@gwh/core/errors'
import type { RedisLike } from './redis-like.ts'

/** Whether the eviction policy of Redis must still be checked. */
export interface EvictionCheck {
  /** The number of the current connection. */
  connection(): number
  isDue(): boolean
  /** Records an answer to a claim that was sent on a connection. */
  passed(connection: number): void
  /** Stops listening to the client. */
  close(): void
}

/** Makes a check that is due until it has passed, and again after each reconnect, which may lead to another Redis. */
export function createEvictionCheck(client: RedisLike, allowEviction: boolean): EvictionCheck {
  let connection = 0
  let passed = -1
  const onReady = () => {
    connection++
  }
  client.on?.('ready', onReady)
  return {
    connection: () => connection,
    isDue: () => !allowEviction && passed !== connection,
    passed(checked) {
      // A client may resend a claim after a reconnect; the answer says nothing about the new connection.
      passed = checked
    },
    close() {
      client.off?.('ready', onReady)
    },
  }
}

/** The error for a Redis that deletes records when its memory is full: deliveries would be handled twice. */
export function evictionRefused(policy: string): WebhookConfigError {
  return new WebhookConfigError(
    'store_volatile',
    `Redis may evict claims (maxmemory-policy is ${policy}); set it to noeviction, or pass allowEviction: true`,
  )
}
