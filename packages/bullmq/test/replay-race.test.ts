import { queuedDelivery } from '@gwh/testing'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import type { RedisSettings } from '../src/lib/settings/options.ts'
import { useClient, useQueue, useRedis } from './use-redis.ts'

// More than a replay takes.
const COMMANDS = 8
const RETAINED = { retainBodies: { forMs: 3_600_000 } }

/** Connections that can be made to wait before the nth command from now. */
function createHoldable(url: string) {
  let commandsLeft = Number.POSITIVE_INFINITY
  let meanwhile: () => Promise<void> = async () => {}
  const hold = (client: Redis) => {
    const send = client.sendCommand.bind(client)
    client.sendCommand = (command, stream) => {
      if (--commandsLeft !== 0) return send(command, stream)
      return meanwhile().then(() => send(command, stream))
    }
    return client
  }
  return {
    connection: { duplicate: (options: RedisSettings) => hold(new Redis(url, options)) } as unknown as Redis,
    holdBefore(command: number, task: () => Promise<void>) {
      commandsLeft = command
      meanwhile = task
    },
  }
}

test('a replay that another process overtakes, at any of its commands, is handled as often as it says, and leaves no body', async () => {
  const server = await useRedis()
  const slow = createHoldable(server.url)
  const [queue, overtaken] = [
    useQueue(server, RETAINED),
    useQueue(server, { ...RETAINED, connection: slow.connection }),
  ]
  const bullmq = new Queue('gwh', { connection: useClient(server) })
  let handled = 0
  const handleAll = () => queue.drain(async () => void handled++)
  const message = queuedDelivery()
  await queue.enqueue(message)
  await handleAll()
  await overtaken.stats()
  for (let command = 1; command <= COMMANDS; command++) {
    handled = 0
    let replayed = 0
    slow.holdBefore(command, async () => {
      replayed = await queue.replay(message.key)
      await handleAll()
    })
    const late = await overtaken.replay(message.key)
    const job = await bullmq.getJob(`gwh-${encodeURIComponent(message.key)}`)
    const left = (await job?.isCompleted()) ? job?.data.body : undefined
    await handleAll()
    expect({ command, left, handled }).toEqual({ command, left: undefined, handled: replayed + late })
  }
})
