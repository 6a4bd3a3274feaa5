import { WebhookConfigError } from '@gwh/core/errors'

/** The events of a client this package listens to: `connect` and `error`. */
interface Emitter {
  on?(event: string, listener: () => void): unknown
  off?(event: string, listener: () => void): unknown
}

/** A `Redis` or `Cluster` of ioredis. */
export interface IoredisLike extends Emitter {
  isCluster?: boolean
  call(command: string, ...args: string[]): Promise<unknown>
}

/** What `createClient` and `createClientPool` of node-redis return. */
export interface NodeRedisLike extends Emitter {
  sendCommand(args: string[], options?: { abortSignal?: AbortSignal }): Promise<unknown>
}

/** What `createCluster` of node-redis returns. */
export interface NodeRedisClusterLike extends Emitter {
  getSlotRandomNode(slot: number): unknown
  sendCommand(
    firstKey: string,
    isReadonly: boolean,
    args: string[],
    options?: { abortSignal?: AbortSignal },
  ): Promise<unknown>
}

/** What `createSentinel` of node-redis returns. */
export interface NodeRedisSentinelLike extends Emitter {
  getMasterNode(): unknown
  sendCommand(isReadonly: boolean, args: string[], options?: { abortSignal?: AbortSignal }): Promise<unknown>
}

/** The part of a Redis client this package uses; the client itself stays yours. */
export type RedisLike = IoredisLike | NodeRedisLike | NodeRedisClusterLike | NodeRedisSentinelLike

/**
 * Sends one command about one key and resolves to the reply.
 *
 * @param signal Cancels a command that was not written yet, where the client supports that
 */
export type SendCommand = (
  key: string,
  command: [name: string, ...args: string[]],
  signal?: AbortSignal,
) => Promise<unknown>

/**
 * Detects the kind of a client from its methods, and returns a function that sends it commands.
 *
 * @throws WebhookConfigError `option_invalid` when it is not a client of ioredis or node-redis
 */
export function toSendCommand(client: RedisLike): SendCommand {
  if (typeof client !== 'object' || client === null) throw noClient()
  // First, because ioredis also has `sendCommand`, which takes command objects.
  if ('call' in client) return (_, command) => client.call(...command)
  if ('getSlotRandomNode' in client) {
    return (key, command, signal) => client.sendCommand(key, false, command, waiting(signal))
  }
  if ('getMasterNode' in client) {
    return (_, command, signal) => client.sendCommand(false, command, waiting(signal))
  }
  if ('sendCommand' in client) return (_, command, signal) => client.sendCommand(command, waiting(signal))
  throw noClient()
}

/** Whether keys may be on different nodes, so that a script must not have several. */
export function isCluster(client: RedisLike): boolean {
  return 'getSlotRandomNode' in client || ('isCluster' in client && client.isCluster === true)
}

function noClient(): WebhookConfigError {
  return new WebhookConfigError('option_invalid', 'client must be a client of ioredis or node-redis')
}

function waiting(signal: AbortSignal | undefined): { abortSignal: AbortSignal } | undefined {
  return signal && { abortSignal: signal }
}

const guarded = new WeakSet<object>()

/**
 * Listens to the client's `error` event, which would otherwise end the process when the connection is lost. The
 * callers of a store get the same errors as rejections.
 */
export function guardAgainstErrorEvents(client: RedisLike): void {
  if (guarded.has(client)) return
  guarded.add(client)
  client.on?.('error', () => {})
}
