import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@gwh/testing'
import { type RedisServer, startRedisServer } from '@gwh/testing/redis'
import { createClient } from 'redis'
import { readEffects } from '../checker.ts'
import { startFlow } from '../flow.ts'
import type { Attempt } from '../post.ts'
import { readyReceiver } from '../receiver-process.ts'
import {
  count,
  type Finding,
  failuresOf,
  most,
  type Scenario,
  type ScenarioHarness,
  SLACK,
} from '../scenario.ts'
import { createSender, isAck, type Sender } from '../sender.ts'
import type { MutantName, ReceiverSettings } from '../settings.ts'

/** A fault of Redis, and how it ends. */
interface Fault {
  name: string
  begin(server: RedisServer): Promise<unknown>
  end(server: RedisServer): Promise<unknown>
  lastsMs: number
}

const ANSWER_MS = 1_000
const RECOVERY_MS = 2_000
const PACE = 60
const HEALTHY_MS = 500
// A process goes on for a moment after SIGSTOP; what was sent then may have been answered.
const AFTER_MS = 50
// How long Redis lets a client wait that connects again. Under load it does so by itself.
const SLOW_CONNECT_MS = 300
const ANSWERS = [200, 409, 503]

const FAULTS: readonly Fault[] = [
  {
    name: 'SIGKILL',
    begin: (server) => server.signal('SIGKILL'),
    end: (server) => server.start(),
    lastsMs: 1_500,
  },
  {
    name: 'SIGSTOP',
    begin: (server) => server.signal('SIGSTOP'),
    end: (server) => server.signal('SIGCONT'),
    lastsMs: 10_000,
  },
  {
    name: 'OOM',
    begin: (server) => command(server, 'CONFIG', 'SET', 'maxmemory', '1'),
    end: (server) => command(server, 'CONFIG', 'SET', 'maxmemory', '0'),
    lastsMs: 1_500,
  },
  {
    name: 'READONLY',
    // Nothing listens on port 1, so it waits for its primary forever.
    begin: (server) => command(server, 'REPLICAOF', '127.0.0.1', '1'),
    end: (server) => command(server, 'REPLICAOF', 'NO', 'ONE'),
    lastsMs: 1_500,
  },
  {
    name: 'EVICTING',
    // The policy is checked once per connection. Claims that arrive while there is none wait for the next one, and must
    // not be accepted unchecked: on a busy machine, 8 once were.
    begin: async (server) => {
      await command(server, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
      await command(server, 'CLIENT', 'KILL', 'TYPE', 'normal')
      await server.signal('SIGSTOP')
      setTimeout(() => server.signal('SIGCONT'), SLOW_CONNECT_MS)
    },
    end: (server) => command(server, 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction'),
    lastsMs: 1_500,
  },
]

export const redis: Scenario = { name: 'redis', run: (harness) => breaking(harness, FAULTS) }

/** The same with a mistake in the receiver, and only the fault that shows it. */
export const redisMutant = (harness: ScenarioHarness, mutant: MutantName, fault: string): Promise<Finding> =>
  breaking(
    harness,
    FAULTS.filter(({ name }) => name === fault),
    mutant,
  )

async function breaking(
  harness: ScenarioHarness,
  faults: readonly Fault[],
  mutant?: MutantName,
): Promise<Finding> {
  const server = await startRedisServer('--appendonly', 'yes', '--appendfsync', 'always')
  const settings = await toSettings(harness, server, mutant)
  await server.signal('SIGKILL')
  const receiver = await readyReceiver(settings)
  const attempts: Attempt[] = []
  const sender = createSender({ ...harness, port: () => settings.port }, (attempt) => {
    attempts.push(attempt)
  })
  const flow = startFlow(sender, { pace: PACE, connections: 24 })
  try {
    const outages = [await outage({ ...FAULTS[0]!, begin: async () => {} }, server)]
    for (const fault of faults) outages.push(await outage(fault, server))
    const remembered = await redeliver(sender, 50)
    await command(server, 'FLUSHALL')
    await sleep(HEALTHY_MS)
    await flow.stop()
    const effects = readEffects(join(harness.folder, 'effects'))
    return judge({ sender, attempts, effects, outages, forgotten: 50 - remembered })
  } finally {
    await flow.stop()
    await receiver.end('SIGKILL')
    await server.stop()
  }
}

async function toSettings(
  { folder, secret }: ScenarioHarness,
  { url }: RedisServer,
  mutant?: MutantName,
): Promise<ReceiverSettings> {
  return {
    port: await freePort(),
    secret,
    backend: { kind: 'redis', url },
    role: 'both',
    effects: { kind: 'file', path: join(folder, 'effects') },
    pauseMs: 1,
    leaseMs: 1_000,
    concurrency: 8,
    ...(mutant && { mutant }),
  }
}

interface Outage {
  beganAt: number
  endedAt: number
}

async function outage(fault: Fault, server: RedisServer): Promise<Outage> {
  await fault.begin(server)
  const beganAt = performance.now() + AFTER_MS
  await sleep(fault.lastsMs)
  const endedAt = performance.now()
  await fault.end(server)
  await sleep(RECOVERY_MS + HEALTHY_MS)
  return { beganAt, endedAt }
}

/** How many of the deliveries that were handled first are still known. */
async function redeliver(sender: Sender, ids: number): Promise<number> {
  let duplicates = 0
  for (const id of [...sender.ackLog.keys()].slice(0, ids)) {
    if ((await sender.post(id)).verdict === 'duplicate') duplicates++
  }
  return duplicates
}

function judge(seen: {
  sender: Sender
  attempts: readonly Attempt[]
  effects: readonly string[]
  outages: readonly Outage[]
  forgotten: number
}): Finding {
  const { sender, attempts, outages, forgotten } = seen
  const handled = new Set(seen.effects)
  const lost = [...sender.ackLog.keys()].filter((id) => !handled.has(id)).length
  const extra = seen.effects.length - handled.size
  const unavailable = sender.statuses.get(503) ?? 0
  const slowest = most(attempts.map(({ startedAt, endedAt }) => endedAt - startedAt))
  const during = attempts.filter((attempt) =>
    outages.some(({ beganAt, endedAt }) => attempt.startedAt > beganAt && attempt.endedAt < endedAt),
  )
  const recovery = most(outages.map(({ endedAt }) => firstAckAfter(attempts, endedAt) - endedAt))
  const unexpected = attempts.filter(({ status }) => !ANSWERS.includes(status)).length
  const falseAcks = during.filter(isAck).length
  return {
    figures: `${count(attempts.length)} answers through ${outages.length} outages and a FLUSHALL, slowest ${count(slowest)} ms, ${count(unavailable)} × 503, ${falseAcks} false 2xx, ${lost} lost, ${extra} extra effects (≤ ${count(unavailable)}), recovery ≤ ${count(recovery)} ms`,
    failures: failuresOf({
      'no 2xx while Redis takes nothing': falseAcks === 0,
      'every answer is 200, 409 or 503': unexpected === 0,
      [`within ${ANSWER_MS} ms (×${SLACK})`]: slowest <= ANSWER_MS * SLACK,
      'nothing acknowledged is lost': lost === 0,
      'at most one extra effect per 503': extra <= unavailable,
      'what Redis answered it still knows': forgotten === 0,
      [`an ack within ${RECOVERY_MS} ms after an outage (×${SLACK})`]: recovery <= RECOVERY_MS * SLACK,
    }),
  }
}

function firstAckAfter(attempts: readonly Attempt[], moment: number): number {
  return Math.min(
    ...attempts.filter((one) => isAck(one) && one.endedAt > moment).map(({ endedAt }) => endedAt),
  )
}

async function command(server: RedisServer, ...words: string[]): Promise<void> {
  const client = await createClient({ url: server.url }).connect()
  await client.sendCommand(words)
  client.destroy()
}
