import { createHash } from 'node:crypto'
import { createBullmqQueue } from '@gwh/bullmq'
import { createRedisStore } from '@gwh/store-redis'
import { type RedisServer, startRedisServer } from '@gwh/testing/redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { Case, Sink } from './backend.ts'
import { CANARIES } from './canaries.ts'

// The Redis settings that the BullMQ queue requires.
const APPEND_ONLY = ['--appendonly', 'yes', '--appendfsync', 'no']

interface Fault {
  fault: string
  fromTheStart?: boolean
  /** The only backend it affects. Default: all. */
  only?: string
  /** Arguments of redis-server. */
  args?: string[]
  password?: string
  begin(server: RedisServer, sink: Sink, disconnect: () => void): unknown
  end?(server: RedisServer): unknown
}

const FAULTS: readonly Fault[] = [
  {
    fault: 'connection refused',
    fromTheStart: true,
    begin: (server) => server.signal('SIGKILL'),
  },
  { fault: 'killed', begin: (server) => server.signal('SIGKILL') },
  {
    fault: 'not answering',
    begin: (server) => server.signal('SIGSTOP'),
    end: (server) => server.signal('SIGCONT'),
  },
  { fault: 'READONLY', begin: (server) => command(server, 'REPLICAOF', '127.0.0.1', '1') },
  { fault: 'OOM', begin: (server) => command(server, 'CONFIG', 'SET', 'maxmemory', '1') },
  { fault: 'NOREPLICAS', begin: (server) => command(server, 'CONFIG', 'SET', 'min-replicas-to-write', '1') },
  {
    fault: 'evicting',
    fromTheStart: true,
    begin: (server) => command(server, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'),
  },
  {
    fault: 'volatile',
    only: 'BullMQ',
    fromTheStart: true,
    begin: (server) => command(server, 'CONFIG', 'SET', 'appendonly', 'no'),
  },
  {
    // Both clients send the text of a script whose digest is unknown.
    fault: 'NOSCRIPT, and EVAL is forbidden',
    async begin(server) {
      await command(server, 'ACL', 'SETUSER', 'default', '-eval')
      await command(server, 'SCRIPT', 'FLUSH')
    },
  },
  {
    fault: 'scripts are unknown commands',
    fromTheStart: true,
    args: ['--rename-command', 'EVALSHA', '', '--rename-command', 'EVAL', ''],
    begin: () => {},
  },
  { fault: 'wrong type', fromTheStart: true, begin: overwriteKeys },
  {
    fault: 'wrong password',
    fromTheStart: true,
    password: CANARIES.password,
    async begin(server) {
      await command(server, 'CONFIG', 'SET', 'requirepass', 'another')
      // Open connections no longer need the password.
      const client = await createClient({ url: server.url, password: 'another' }).connect()
      await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
      client.destroy()
    },
  },
  { fault: 'closed', fromTheStart: true, begin: (_, sink, disconnect) => close(sink, disconnect) },
]

interface Library {
  backend: string
  open(url: string): { sink: Sink; disconnect(): void }
}

const LIBRARIES: readonly Library[] = [
  {
    backend: 'BullMQ',
    open: (connection) => ({ sink: { queue: createBullmqQueue({ connection }) }, disconnect() {} }),
  },
  {
    backend: 'Redis store on ioredis',
    open(url) {
      const client = new Redis(url, { maxRetriesPerRequest: 1 })
      return { sink: { store: createRedisStore({ client }) }, disconnect: () => client.disconnect() }
    },
  },
  {
    backend: 'Redis store on node-redis',
    open(url) {
      const client = createClient({ url, socket: { reconnectStrategy: 50 } })
      client.connect().catch(() => {})
      const disconnect = () => {
        if (client.isOpen) client.destroy()
      }
      return { sink: { store: createRedisStore({ client }) }, disconnect }
    },
  },
]

/** Every fault of Redis under every backend that uses it. */
export const REDIS_CASES: readonly Case[] = LIBRARIES.flatMap(({ backend, open }) =>
  FAULTS.filter(({ only = backend }) => only === backend).map(
    ({ fault, fromTheStart = false, args = [], password, begin, end }) => ({
      backend,
      fault,
      fromTheStart,
      async open() {
        const server = await startRedisServer(...APPEND_ONLY, ...args)
        const url = password ? server.url.replace('redis://', `redis://:${password}@`) : server.url
        const { sink, disconnect } = open(url)
        return {
          sink,
          begin: () => begin(server, sink, disconnect),
          async close() {
            await end?.(server)
            if ('queue' in sink) await sink.queue.close()
            disconnect()
            await server.stop()
          },
        }
      },
    }),
  ),
)

async function overwriteKeys(server: RedisServer): Promise<void> {
  const claims = ['first', 'second'].map((id) => `gwh:claim:{${sha256(`default\0${id}`)}}`)
  for (const key of ['bull:gwh:wait', ...claims]) await command(server, 'SET', key, 'somebody else')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

async function close(sink: Sink, disconnect: () => void): Promise<void> {
  if ('queue' in sink) await sink.queue.close()
  else disconnect()
}

async function command(server: RedisServer, ...words: string[]): Promise<void> {
  const client = await createClient({ url: server.url }).connect()
  await client.sendCommand(words)
  client.destroy()
}
