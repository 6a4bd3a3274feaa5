import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@gwh/testing'
import { compare, type Difference, quiesce, readDump, readEffects } from '../checker.ts'
import { createPacer, type Pacer } from '../pacer.ts'
import type { Random } from '../random.ts'
import { type ReceiverProcess, readyReceiver } from '../receiver-process.ts'
import {
  count,
  type Finding,
  failuresOf,
  median,
  most,
  type Scenario,
  type ScenarioHarness,
  SLACK,
} from '../scenario.ts'
import { createSender, isAck } from '../sender.ts'
import type { MutantName, ReceiverSettings } from '../settings.ts'

/** How much is delivered, how fast, and how often the receiver is killed. */
export interface KillLoad {
  ids: number
  leastKills: number
  /** Deliveries per second while a receiver is up. */
  pace: number
  effects: 'file' | 'tx'
  mutant?: MutantName
}

const CONCURRENCY = 8
const CONNECTIONS = 32
const SHORTEST_LIFE_MS = 150
const LONGEST_LIFE_MS = 850
const RECOVERY_MS = 1_000

export const killSqlite: Scenario = {
  name: 'kill-sqlite',
  run: (harness) => killing(harness, { ids: 20_000, leastKills: 90, pace: 420, effects: 'file' }),
}

export const killSqliteTx: Scenario = {
  name: 'kill-sqlite-tx',
  run: (harness) => killing(harness, { ids: 5_000, leastKills: 20, pace: 400, effects: 'tx' }),
}

/** Delivers to a receiver that is killed at random, then compares. */
export async function killing(harness: ScenarioHarness, load: KillLoad): Promise<Finding> {
  const settings = await toSettings(harness, load)
  const path = join(harness.folder, 'deliveries.db')
  if (load.effects === 'tx') createEffectsTable(path)
  const pacer = createPacer(load.pace)
  const recoveries: number[] = []
  const killer = createKiller(settings, harness.random, pacer)
  const sender = createSender({ ...harness, port: () => settings.port }, (attempt) => {
    if (isAck(attempt)) killer.onAck(attempt.endedAt, recoveries)
  })
  const ids = withDuplicates(load.ids, harness.random)

  const killed = killer.run()
  // Killing ends first only when a receiver does not come up again.
  await Promise.race([sender.deliverAll(ids, CONNECTIONS, pacer), killed])
  pacer.close()
  const kills = await killer.stop(killed)
  const settled = await quiesce(path)
  const exit = await killer.current().end('SIGTERM')

  const dump = readDump(path)
  const effects = load.effects === 'tx' ? dump.effects : readEffects(join(harness.folder, 'effects'))
  const difference = compare(sender.ackLog, dump, effects)
  const mostExtra = load.effects === 'tx' ? 0 : kills * CONCURRENCY
  return {
    figures: toFigures(ids.length, kills, difference, mostExtra, recoveries),
    failures: failuresOf({
      'nothing acknowledged is lost': difference.lost === 0,
      'every delivery is settled': settled && difference.stuck === 0,
      'none is given up on': difference.dead === 0,
      'every handled delivery had its effect': difference.missing === 0,
      [`at most ${mostExtra} extra effects`]: difference.extra <= mostExtra,
      'none is new twice': difference.twice === 0,
      'every delivery was acknowledged': sender.ackLog.size === load.ids,
      'the file is whole': dump.integrity === 'ok',
      [`at least ${load.leastKills} kills`]: kills >= load.leastKills,
      [`first ack after a restart within ${RECOVERY_MS} ms (×${SLACK})`]:
        most(recoveries) <= RECOVERY_MS * SLACK,
      'the last receiver ends with 0': exit.code === 0,
    }),
  }
}

async function toSettings({ folder, secret }: ScenarioHarness, load: KillLoad): Promise<ReceiverSettings> {
  return {
    port: await freePort(),
    secret,
    backend: { kind: 'sqlite', path: join(folder, 'deliveries.db') },
    role: 'both',
    effects: load.effects === 'tx' ? { kind: 'tx' } : { kind: 'file', path: join(folder, 'effects') },
    pauseMs: 2,
    leaseMs: 2_000,
    concurrency: CONCURRENCY,
    ...(load.mutant && { mutant: load.mutant }),
  }
}

// Without a primary key, so that a repeated effect shows up.
function createEffectsTable(path: string): void {
  const database = new DatabaseSync(path)
  database.exec('CREATE TABLE effects (id TEXT NOT NULL, pid INTEGER NOT NULL, attempt INTEGER NOT NULL)')
  database.close()
}

/** One in ten is delivered a second time later. */
function withDuplicates(length: number, random: Random): string[] {
  const ids = Array.from({ length }, (_, index) => `msg_${index}`)
  const duplicates = Array.from({ length: length / 10 }, () => {
    const first = random.below(length)
    return { id: `msg_${first}`, at: first + random.between(0, length - first) }
  })
  const all = [...ids.map((id, at) => ({ id, at })), ...duplicates]
  return all.toSorted((a, b) => a.at - b.at).map(({ id }) => id)
}

function createKiller(settings: ReceiverSettings, random: Random, pacer: Pacer) {
  let receiver: ReceiverProcess
  let kills = 0
  let stopping = false
  let killedAt: number | undefined
  let upAt = 0
  const restart = async () => {
    receiver = await readyReceiver(settings)
    upAt = performance.now()
    pacer.resume()
  }
  return {
    current: () => receiver,
    async run() {
      pacer.pause()
      await restart()
      while (!stopping) {
        await sleep(random.between(SHORTEST_LIFE_MS, LONGEST_LIFE_MS))
        if (stopping) return
        killedAt ??= performance.now()
        upAt = Number.POSITIVE_INFINITY
        pacer.pause()
        await receiver.end('SIGKILL')
        kills++
        await restart()
      }
    },
    async stop(killed: Promise<void>) {
      stopping = true
      await killed
      return kills
    },
    /** Only an answer of the new process counts. */
    onAck(at: number, recoveries: number[]) {
      if (killedAt === undefined || at < upAt) return
      recoveries.push(at - killedAt)
      killedAt = undefined
    },
  }
}

function toFigures(
  deliveries: number,
  kills: number,
  { lost, stuck, extra }: Difference,
  mostExtra: number,
  recoveries: readonly number[],
): string {
  const recovery = `first ack after restart ≤ ${count(most(recoveries))} ms (median ${count(median(recoveries))} ms)`
  const effects =
    mostExtra === 0 ? `${extra} extra effects` : `${extra} extra effects (≤ ${count(mostExtra)})`
  return `${count(deliveries)} deliveries, ${kills} kills, ${lost} lost, ${stuck} stuck, ${effects}, ${recovery}`
}
