import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBullmqQueue } from '@gwh/bullmq'
import { freePort } from '@gwh/testing'
import { type RedisServer, startRedisServer } from '@gwh/testing/redis'
import { isSettled, readEffects } from '../checker.ts'
import { startFlow } from '../flow.ts'
import { readyReceiver, startReceiver } from '../receiver-process.ts'
import { count, type Finding, failuresOf, type Scenario, type ScenarioHarness } from '../scenario.ts'
import { createSender, isAck } from '../sender.ts'
import type { ReceiverSettings } from '../settings.ts'

const KILLS = 4
const PACE = 120
const CONCURRENCY = 8
// The most that Redis may lose with `everysec`.
const LOSS_MS = 1_000

type Fsync = 'always' | 'everysec'

export const killRedis: Scenario = {
  name: 'kill-redis',
  async run(harness) {
    const always = await killing(harness, 'always')
    const everysec = await killing(harness, 'everysec')
    const refused = await startOnVolatile(harness)
    return {
      figures: `appendfsync always: ${toFigures(always)}; everysec: ${toFigures(everysec)}; without a file: ${refused}`,
      failures: failuresOf({
        'nothing acknowledged is lost': always.lost.length === 0,
        [`everysec loses no more than the last ${LOSS_MS} ms`]: everysec.lost.every(
          (ageMs) => ageMs <= LOSS_MS,
        ),
        'every delivery that is left is settled': always.settled && everysec.settled,
        'a Redis without a file is refused': refused === 'refused store_volatile',
      }),
    }
  },
}

/** The same with a receiver that accepts a Redis without an append-only file. */
export async function volatileMutant(harness: ScenarioHarness): Promise<Finding> {
  const seen = await killing(harness, 'volatile')
  return {
    figures: toFigures(seen),
    failures: failuresOf({ 'nothing acknowledged is lost': seen.lost.length === 0 }),
  }
}

interface Seen {
  deliveries: number
  /** For each delivery that was lost, how long before the kill it was acknowledged, in milliseconds. */
  lost: number[]
  extra: number
  settled: boolean
}

/** Kills Redis and starts it again while a receiver accepts and handles deliveries. */
async function killing(harness: ScenarioHarness, fsync: Fsync | 'volatile'): Promise<Seen> {
  const durable = fsync === 'volatile' ? [] : ['--appendonly', 'yes', '--appendfsync', fsync]
  const server = await startRedisServer(...durable)
  const settings = await toSettings(harness, server, fsync)
  const receiver = await readyReceiver(settings)
  const ackedAt = new Map<string, number>()
  const sender = createSender({ ...harness, port: () => settings.port }, (attempt) => {
    if (isAck(attempt)) ackedAt.set(attempt.id, attempt.endedAt)
  })
  const flow = startFlow(sender, { pace: PACE, connections: 24, prefix: fsync })
  const kills: number[] = []
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(harness.random.between(500, 1_000))
      await server.signal('SIGKILL')
      kills.push(performance.now())
      await server.start()
    }
    await flow.stop()
    const settled = await settles(server)
    const effects = readEffects(effectsOf(settings))
    const handled = new Set(effects)
    const lost = [...ackedAt].filter(([id]) => !handled.has(id))
    return {
      deliveries: ackedAt.size,
      lost: lost.map(([, at]) => (kills.find((kill) => kill > at) ?? Number.POSITIVE_INFINITY) - at),
      extra: effects.length - handled.size,
      settled,
    }
  } finally {
    await flow.stop()
    await receiver.end('SIGKILL')
    await server.stop()
  }
}

async function settles({ url }: RedisServer): Promise<boolean> {
  const queue = createBullmqQueue({ connection: url })
  try {
    return await isSettled(queue, 30_000)
  } finally {
    await queue.close()
  }
}

/** Starts a receiver on a Redis without persistence, and returns what it prints. */
async function startOnVolatile(harness: ScenarioHarness): Promise<string> {
  const server = await startRedisServer()
  const receiver = startReceiver(await toSettings(harness, server, 'always'))
  const said = await receiver.started
  await receiver.end('SIGKILL')
  await server.stop()
  return said
}

async function toSettings(
  { folder, secret }: ScenarioHarness,
  { url }: RedisServer,
  fsync: Fsync | 'volatile',
): Promise<ReceiverSettings> {
  return {
    port: await freePort(),
    secret,
    backend: { kind: 'bullmq', url, allowVolatile: fsync === 'volatile' },
    role: 'both',
    effects: { kind: 'file', path: join(folder, `effects-${fsync}`) },
    // Slower than deliveries arrive, so that some wait when Redis is killed.
    pauseMs: 100,
    leaseMs: 2_000,
    concurrency: CONCURRENCY,
  }
}

function effectsOf({ effects }: ReceiverSettings): string {
  return effects.kind === 'file' ? effects.path : ''
}

function toFigures({ deliveries, lost, extra }: Seen): string {
  return `${count(deliveries)} deliveries, ${KILLS} kills, ${lost.length} lost, ${extra} extra effects`
}
