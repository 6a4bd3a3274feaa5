import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { onTestFinished } from 'vitest'
import type { RedisLike } from '../src/index.ts'

/** A client of either library, and how to end it. */
export interface TestClient {
  client: RedisLike
  end(): void
}

/** How to connect with one of the libraries; none waits until Redis is there. */
export interface Library {
  name: string
  connect(url: string): TestClient
}

const RECONNECT_MS = 20

// Neither listens to 'error' events, as users forget to.
function connectNodeRedis(url: string): TestClient {
  const client = createClient({ url, socket: { reconnectStrategy: RECONNECT_MS } })
  client.connect().catch(() => {})
  return { client, end: () => client.destroy() }
}

function connectIoredis(url: string): TestClient {
  const client = new Redis(url, { retryStrategy: () => RECONNECT_MS })
  return { client, end: () => client.disconnect() }
}

/** The libraries a store is examined with, each with its defaults: commands queue up while there is no connection. */
export const LIBRARIES: Library[] = [
  { name: 'node-redis', connect: connectNodeRedis },
  { name: 'ioredis', connect: connectIoredis },
]

/** A client that ends with the test. */
export function connected(library: Library, url: string): RedisLike {
  const { client, end } = library.connect(url)
  onTestFinished(end)
  return client
}

/** Runs one command on a connection of its own, which no fault affects. */
export async function redis(url: string, ...command: string[]): Promise<unknown> {
  const client = await createClient({ url }).connect()
  try {
    return await client.sendCommand(command)
  } finally {
    client.destroy()
  }
}
