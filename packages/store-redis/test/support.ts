import { freePort } from '@gwh/testing'
import { type RedisServer, startRedisServer } from '@gwh/testing/redis'
import { expect, onTestFinished } from 'vitest'
import type { NodeRedisLike, RedisLike } from '../src/index.ts'
import { toSendCommand } from '../src/lib/redis-like.ts'

/** What a store rejects with whenever it cannot tell what Redis did. */
export const UNAVAILABLE = { name: 'WebhookUnavailableError', code: 'store_unavailable', status: 503 }

/** What a store rejects with when it is set up wrongly. */
export const INVALID = { name: 'WebhookConfigError', code: 'option_invalid' }

/** What a store rejects with when Redis may lose its records. */
export const VOLATILE = { name: 'WebhookConfigError', code: 'store_volatile' }

export const NOW = 1_795_000_000_000
/** The timeout of stores whose timeout is not examined: a busy machine must not fail their tests. */
export const PATIENCE_MS = 20_000
export const LEASE_MS = 60_000
export const RETENTION_MS = 72 * 3_600_000
export const DEADLINES = { leaseUntil: NOW + LEASE_MS, expiresAt: NOW + RETENTION_MS }

/** A redis-server that ends with the test. */
export async function ownServer(...args: string[]): Promise<RedisServer> {
  const server = await startRedisServer(...args)
  onTestFinished(() => server.stop())
  return server
}

/** Fails the test unless the promise settles before the deadline. */
export async function answersWithin<T>(deadlineMs: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new RangeError(`no answer within ${deadlineMs} ms`)), deadlineMs)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A client that hands each command to `send`, which passes it on by calling `pass`. */
export function intercepted(
  client: RedisLike,
  send: (command: readonly string[], pass: () => Promise<unknown>) => Promise<unknown>,
): NodeRedisLike {
  const pass = toSendCommand(client)
  return {
    sendCommand(command) {
      const [name = '', ...args] = command
      return send(command, () => pass(args[2] ?? '', [name, ...args]))
    },
  }
}

/** Makes a redis-server a node of a cluster, with a bus port that is free. */
export async function clusterArguments(): Promise<string[]> {
  const port = await freePort()
  return ['--cluster-enabled', 'yes', '--cluster-port', String(port), '--cluster-announce-ip', '127.0.0.1']
}

/** Expects something to become true while Redis or a connection recovers. */
export function eventually<T>(look: () => T) {
  return expect.poll(look, { timeout: PATIENCE_MS })
}
