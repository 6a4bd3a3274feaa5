import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@gwh/testing'
import { compare, type Dump, quiesce, readDump, readEffects } from '../checker.ts'
import { isLocked } from '../database.ts'
import { startFlow } from '../flow.ts'
import { startProxy } from '../proxy.ts'
import { type ReceiverProcess, readyReceiver } from '../receiver-process.ts'
import { count, type Finding, failuresOf, most, type Scenario, type ScenarioHarness } from '../scenario.ts'
import { createSender } from '../sender.ts'
import type { MutantName, ReceiverSettings } from '../settings.ts'

const CONCURRENCY = 8
const LEASE_MS = 1_500
const STOPPED_MS = 2_500
const BUSY_MS = [1_000, 5_000]
const PACE = 30
const BETWEEN_MS = [400, 700] as const

/** A way to stall one of two receivers, by its place. */
type Stall = (receivers: readonly ReceiverProcess[], harness: ScenarioHarness) => Promise<void>

const STALLS: readonly Stall[] = [
  (receivers) => busy(receivers, 0),
  (receivers) => busy(receivers, 1),
  (receivers, harness) => stopped(receivers[0]!, harness),
  (receivers, harness) => stopped(receivers[1]!, harness),
]

export const stalls: Scenario = { name: 'stalls', run: (harness) => stalling(harness, STALLS) }

/** Handlers that outlast a stall, with receivers that neither renew their leases nor remember what they run. */
export const carelessMutant = (harness: ScenarioHarness): Promise<Finding> =>
  stalling(harness, STALLS.slice(2, 4), 'careless')

/** What `carelessMutant` breaks. */
export const NOTHING_TWICE = 'no delivery runs twice at once within one process'

/** Only the longest stall, with a mistake in the receivers. */
export const stallMutant = (harness: ScenarioHarness, mutant: MutantName): Promise<Finding> =>
  stalling(harness, STALLS.slice(1, 2), mutant)

/** Stalls receivers for longer than their leases, while another one continues. */
async function stalling(
  harness: ScenarioHarness,
  stalls: readonly Stall[],
  mutant?: MutantName,
): Promise<Finding> {
  const path = join(harness.folder, 'deliveries.db')
  const all = [await toSettings(harness, path, 0, mutant), await toSettings(harness, path, 1, mutant)]
  const receivers = await Promise.all(all.map(readyReceiver))
  const proxy = await startProxy(all.map(({ port }) => port))
  const sender = createSender({ ...harness, port: () => proxy.port })
  const flow = startFlow(sender, { pace: PACE, connections: 32 })
  for (const stall of stalls) {
    await sleep(harness.random.between(...BETWEEN_MS))
    await stall(receivers, harness)
  }
  await sleep(BETWEEN_MS[1])
  await flow.stop()
  const settled = await quiesce(path)
  for (const receiver of receivers) await receiver.end('SIGTERM')
  proxy.close()

  const dump = readDump(path)
  const twice = readLines(join(harness.folder, 'twice')).length
  const difference = compare(sender.ackLog, dump, readEffects(join(harness.folder, 'effects')))
  const { stale, lost } = readOutcomes(join(harness.folder, 'settled'), dump)
  const reclaimed = [...dump.states.values()].filter(({ attempts }) => attempts > 1).length
  const mostExtra = stalls.length * CONCURRENCY
  const tries = most([...dump.states.values()].map(({ attempts }) => attempts))
  return {
    figures: `${count(sender.ackLog.size)} deliveries, ${stalls.length} stalls past or near a lease of ${LEASE_MS} ms, ${reclaimed} claimed again, ${lost} late owners refused, ${stale} accepted, ${difference.extra} extra effects (≤ ${mostExtra}), ${difference.lost} lost, ${difference.stuck} stuck, ${twice} twice at once in a process, ≤ ${tries} tries`,
    failures: failuresOf({
      'no write of a former owner is accepted': stale === 0,
      'leases ran out and went to others': reclaimed > 0 && lost > 0,
      [`at most ${mostExtra} extra effects`]: difference.extra <= mostExtra,
      'nothing acknowledged is lost': difference.lost === 0,
      'every delivery is settled': settled && difference.stuck === 0 && difference.dead === 0,
      'every handled delivery had its effect': difference.missing === 0,
      [NOTHING_TWICE]: twice === 0,
      'the file is whole': dump.integrity === 'ok',
    }),
  }
}

async function toSettings(
  { folder, secret }: ScenarioHarness,
  path: string,
  place: number,
  mutant?: MutantName,
): Promise<ReceiverSettings> {
  return {
    port: await freePort(),
    secret,
    backend: { kind: 'sqlite', path },
    role: 'both',
    effects: { kind: 'file', path: join(folder, 'effects') },
    pauseMs: 250,
    slow: { every: 40, pauseMs: STOPPED_MS + LEASE_MS },
    twiceLog: join(folder, 'twice'),
    leaseMs: LEASE_MS,
    concurrency: CONCURRENCY,
    settledLog: join(folder, 'settled'),
    busyMs: BUSY_MS[place]!,
    ...(mutant && { mutant }),
  }
}

async function busy(receivers: readonly ReceiverProcess[], place: number): Promise<void> {
  process.kill(receivers[place]!.pid, 'SIGUSR2')
  await sleep(BUSY_MS[place])
}

/** Not inside a transaction: that would lock the file for the other receiver, which another scenario tests. */
async function stopped({ pid }: ReceiverProcess, { random, folder }: ScenarioHarness): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  while (isLocked(join(folder, 'deliveries.db'))) {
    process.kill(pid, 'SIGCONT')
    await sleep(random.between(1, 20))
    process.kill(pid, 'SIGSTOP')
  }
  await sleep(STOPPED_MS)
  process.kill(pid, 'SIGCONT')
}

/** How many completions of former owners were accepted, and how many were refused. */
function readOutcomes(path: string, { states }: Dump): { stale: number; lost: number } {
  const outcomes = readLines(path).map((line) => line.split(',') as [string, string, string])
  const handled = outcomes.filter(([outcome]) => outcome === 'handled')
  const notNewest = handled.filter(([, id, attempt]) => states.get(id)?.attempts !== Number(attempt))
  const twice = handled.length - new Set(handled.map(([, id]) => id)).size
  return {
    stale: Math.max(notNewest.length, twice),
    lost: outcomes.filter(([outcome]) => outcome === 'lease_lost').length,
  }
}

function readLines(path: string): string[] {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return text.split('\n').filter(Boolean)
}
