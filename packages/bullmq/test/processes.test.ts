import type { RedisServer } from '@gwh/testing/redis'
import { expect, onTestFinished, test } from 'vitest'
import { type Child, startChild } from './children/start-child.ts'
import { createSeededRandom } from './random.ts'
import { until } from './until.ts'
import { useQueue, useRedis } from './use-redis.ts'

const RECEIVERS = ['left', 'right']
const WORKERS = 2
const EACH = 1_000
const KILLS = 8
const CONCURRENCY = 8

test('with receivers and workers killed at any moment nothing acknowledged is lost or stuck', {
  timeout: 120_000,
}, async () => {
  const server = await useRedis('--appendonly', 'yes', '--appendfsync', 'always')
  const random = createSeededRandom()
  const acknowledged = new Set<string>()
  const effects: string[] = []
  const receivers = RECEIVERS.map((name) => keepReceiving(server, name, acknowledged))
  const workers = Array.from({ length: WORKERS }, () => keepWorking(server, effects))
  const everybody = [...receivers, ...workers]

  for (let kill = 1; kill <= KILLS; kill++) {
    const enough = Math.floor((kill * RECEIVERS.length * EACH) / (KILLS + 2))
    await until(`${enough} are acknowledged`, () => acknowledged.size >= enough, 60_000)
    everybody[Math.floor(random() * everybody.length)]?.kill()
  }

  await Promise.all(receivers.map((receiver) => receiver.finished))
  expect(acknowledged.size).toBe(RECEIVERS.length * EACH)
  const queue = useQueue(server)
  await until(
    'all is handled',
    async () => {
      const { pending, running, retrying } = await queue.stats()
      return pending + running + retrying === 0
    },
    60_000,
  )
  const handled = new Set(effects)
  expect([...acknowledged].filter((id) => !handled.has(id))).toEqual([])
  const { dead, done } = await queue.stats()
  expect([dead, done]).toEqual([0, RECEIVERS.length * EACH])
  expect(effects.length - handled.size).toBeLessThanOrEqual(KILLS * CONCURRENCY)
})

interface Kept {
  kill(): void
  finished: Promise<unknown>
}

/** Restarts a receiver from where it was killed, until it has enqueued all of its deliveries. */
function keepReceiving(server: RedisServer, name: string, acknowledged: Set<string>): Kept {
  let child: Child
  const run = async () => {
    // Bursts are acknowledged in any order, so the first missing number is where to continue.
    let from = 0
    while (acknowledged.has(`${name}-${from}`)) from++
    if (from >= EACH) return
    child = startChild('./receive.ts', server.url, name, String(from), String(EACH))
    child.onLine((number) => acknowledged.add(`${name}-${number}`))
    expect((await child.ended).errors).toBe('')
    await run()
  }
  return { kill: () => child.process.kill('SIGKILL'), finished: run() }
}

/** Restarts a worker until the test ends. */
function keepWorking(server: RedisServer, effects: string[]): Kept {
  let child: Child
  let over = false
  const run = async () => {
    child = startChild('./work.ts', server.url, '1000')
    child.onLine((line) => effects.push(line.split(' ')[0] ?? ''))
    await child.ended
    if (!over) await run()
  }
  const finished = run()
  onTestFinished(async () => {
    over = true
    child.process.kill('SIGKILL')
    await finished
  })
  return { kill: () => child.process.kill('SIGKILL'), finished }
}
