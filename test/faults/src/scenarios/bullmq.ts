import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBullmqQueue } from '@gwh/bullmq'
import { freePort } from '@gwh/testing'
import { startRedisServer } from '@gwh/testing/redis'
import { isSettled, readEffects } from '../checker.ts'
import { createPacer } from '../pacer.ts'
import { startProxy } from '../proxy.ts'
import { type ReceiverProcess, readyReceiver } from '../receiver-process.ts'
import { count, type Finding, failuresOf, type Scenario, type ScenarioHarness } from '../scenario.ts'
import { createSender } from '../sender.ts'
import type { ReceiverSettings } from '../settings.ts'

const RECEIVERS = 3
const WORKERS = 3
const IDS = 5_000
const PACE = 250
const LEAST_KILLS = 15
const CONCURRENCY = 8

export const bullmq: Scenario = { name: 'bullmq', run }

async function run(harness: ScenarioHarness): Promise<Finding> {
  const server = await startRedisServer('--appendonly', 'yes')
  const group = await startProcesses(harness, server.url)
  const proxy = await startProxy(group.ports)
  const queue = createBullmqQueue({ connection: server.url })
  try {
    const sender = createSender({ ...harness, port: () => proxy.port })
    const pacer = createPacer(PACE)
    const killing = group.killAtRandom()
    const ids = Array.from({ length: IDS }, (_, index) => `msg_${index}`)
    // Senders retry for minutes, so a receiver that does not start again must end the scenario itself.
    await Promise.race([sender.deliverAll(ids, 24, pacer), group.failed])
    pacer.close()
    const kills = await group.stopKilling(killing)
    const settled = await isSettled(queue, 60_000)
    const { dead, done } = await queue.stats()
    const effects = readEffects(join(harness.folder, 'effects'))
    const handled = new Set(effects)
    const lost = [...sender.ackLog.keys()].filter((id) => !handled.has(id)).length
    const extra = effects.length - handled.size
    const mostExtra = kills.workers * CONCURRENCY
    return {
      figures: `${count(IDS)} deliveries, ${RECEIVERS} receivers and ${WORKERS} workers, ${kills.receivers} + ${kills.workers} kills, ${lost} lost, ${settled ? 0 : 'some'} stuck, ${extra} extra effects (≤ ${mostExtra})`,
      failures: failuresOf({
        'nothing acknowledged is lost': lost === 0,
        'every delivery is settled': settled && dead === 0 && done === IDS,
        'every delivery was acknowledged': sender.ackLog.size === IDS,
        [`at most ${mostExtra} extra effects`]: extra <= mostExtra,
        [`at least ${LEAST_KILLS} kills`]: kills.receivers + kills.workers >= LEAST_KILLS,
      }),
    }
  } finally {
    await group.end()
    proxy.close()
    await queue.close()
    await server.stop()
  }
}

async function startProcesses({ folder, secret, random }: ScenarioHarness, url: string) {
  const toSettings = async (role: 'serve' | 'work'): Promise<ReceiverSettings> => ({
    port: await freePort(),
    secret,
    backend: { kind: 'bullmq', url },
    role,
    effects: { kind: 'file', path: join(folder, 'effects') },
    pauseMs: 20,
    leaseMs: 2_000,
    concurrency: CONCURRENCY,
  })
  const all: ReceiverSettings[] = []
  for (let index = 0; index < RECEIVERS; index++) all.push(await toSettings('serve'))
  for (let index = 0; index < WORKERS; index++) all.push(await toSettings('work'))
  const processes: (ReceiverProcess | undefined)[] = await Promise.all(all.map(readyReceiver))
  const kills = { receivers: 0, workers: 0 }
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  let stopping = false
  const restarts: Promise<void>[] = []
  const restart = async (index: number, dying: ReceiverProcess) => {
    await dying.end('SIGKILL')
    processes[index] = await readyReceiver(all[index]!)
  }
  return {
    ports: all.slice(0, RECEIVERS).map(({ port }) => port),
    /** Rejects when a process did not start again. */
    failed: failed.promise,
    /** The next kill comes while the last victim is still starting. */
    async killAtRandom() {
      while (!stopping) {
        await sleep(random.between(300, 1_000))
        const victim = random.below(all.length)
        const dying = processes[victim]
        if (stopping || !dying) continue
        processes[victim] = undefined
        kills[victim < RECEIVERS ? 'receivers' : 'workers']++
        const restarted = restart(victim, dying)
        restarted.catch(failed.reject)
        restarts.push(restarted)
      }
    },
    async stopKilling(killing: Promise<void>) {
      stopping = true
      await killing
      await Promise.all(restarts)
      return kills
    },
    async end() {
      stopping = true
      await Promise.all(processes.map((one) => one?.end('SIGKILL')))
    },
  }
}
