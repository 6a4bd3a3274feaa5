import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '@gwh/testing'
import { withDatabase } from '../database.ts'
import type { EmulatorMutant, EmulatorSettings } from '../emulator-settings.ts'
import { createPacer, type Pacer } from '../pacer.ts'
import type { Random } from '../random.ts'
import { type ReceiverProcess, startProcess } from '../receiver-process.ts'
import {
  count,
  eventually,
  type Finding,
  failuresOf,
  type Scenario,
  type ScenarioHarness,
} from '../scenario.ts'
import { startScriptedReceiver } from '../scripted-receiver.ts'

/** How much is delivered, how fast, and how often the emulator is killed. */
export interface EmulatorLoad {
  deliveries: number
  leastKills: number
  /** Events per second while an emulator is up. */
  pace: number
  mutant?: EmulatorMutant
}

const CONNECTIONS = 16
// As many attempts as an emulator makes at once to one receiver.
const MOST_IN_FLIGHT = 32
const SHORTEST_LIFE_MS = 150
const LONGEST_LIFE_MS = 850
// The second gap is longer than a restart takes on a busy machine, so that an early attempt shows.
const SCHEDULE_MS = [0, 150, 2500, 5000, 8000, 16_000, 32_000]
const DEADLINE_MS = 60_000
// What a mutant has lost does not come, however long one waits.
const MUTANT_DEADLINE_MS = 10_000

/** The claims that mutants break. */
export const NOTHING_LOST = 'nothing accepted is lost'
export const ALL_RECORDED = 'every attempt that was sent is recorded'
export const NONE_EARLY = 'no attempt is made earlier than planned'

export const killEmulator: Scenario = {
  name: 'kill-emulator',
  run: (harness) => killingEmulator(harness, { deliveries: 5_000, leastKills: 50, pace: 220 }),
}

/** Has events delivered by an emulator that is killed at random, then compares. */
export async function killingEmulator(harness: ScenarioHarness, load: EmulatorLoad): Promise<Finding> {
  const settings: EmulatorSettings = {
    port: await freePort(),
    state: join(harness.folder, 'emulator.db'),
    controlToken: 'faults-control-token',
    scheduleMs: SCHEDULE_MS,
    ...(load.mutant && { mutant: load.mutant }),
  }
  const receiver = await startScriptedReceiver()
  harness.signal.addEventListener('abort', () => receiver.close())
  const pacer = createPacer(load.pace)
  const accepted = new Set<string>()
  const events = triggerAll(settings, receiver.url, load.deliveries, pacer, accepted)
  const isDone = () => accepted.size === load.deliveries
  const { kills, emulator } = await killUntil(isDone, settings, load.leastKills, harness.random, pacer)
  await events
  const deadlineMs = load.mutant ? MUTANT_DEADLINE_MS : DEADLINE_MS
  const isAcked = (id: string) => receiver.answers.get(id)?.includes(200) ?? false
  const settled = await eventually(() => [...accepted].every(isAcked), deadlineMs)
  await sleep(500)
  const { code } = await emulator.end('SIGTERM')
  pacer.close()

  const found = compare(accepted, receiver.answers, readDeliveries(settings.state))
  const mostExtra = kills * MOST_IN_FLIGHT
  return {
    figures: `${count(accepted.size)} deliveries, ${kills} kills, ${found.lost} lost, ${found.gaps} gaps, ${found.unrecorded} unrecorded, ${found.early} early, ${found.cut} attempts cut and made again, ${found.extra} sent after their ack (≤ ${count(mostExtra)})`,
    failures: failuresOf({
      [NOTHING_LOST]: found.lost === 0 && settled,
      'attempts are numbered without a gap': found.gaps === 0,
      [ALL_RECORDED]: found.unrecorded === 0,
      [NONE_EARLY]: found.early === 0,
      'every delivery has ended': found.pending === 0,
      'what was acknowledged is never sent again, but for attempts in flight at a kill':
        found.extra <= mostExtra && found.cut <= mostExtra,
      [`at least ${load.leastKills} kills`]: kills >= load.leastKills,
      'the last emulator ends with 0': code === 0,
    }),
  }
}

/** Emits events until `wanted` of them were accepted; an event whose answer was lost is emitted again. */
async function triggerAll(
  { port, controlToken }: EmulatorSettings,
  uri: string,
  wanted: number,
  pacer: Pacer,
  accepted: Set<string>,
): Promise<void> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${controlToken}` }
  let started = 0
  const connection = async () => {
    while (started < wanted) {
      started += 1
      const body = JSON.stringify({
        type: 'batch.succeeded',
        data: { id: `batches/${started}` },
        uris: [uri],
      })
      for (let id: string | undefined; id === undefined; ) {
        await pacer.turn()
        id = await trigger(`http://127.0.0.1:${port}/_gwh/trigger`, { method: 'POST', headers, body })
        if (id !== undefined) accepted.add(id)
      }
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
}

async function trigger(url: string, init: RequestInit): Promise<string | undefined> {
  try {
    const response = await fetch(url, init)
    const { webhook_ids: ids } = (await response.json()) as { webhook_ids?: string[] }
    return ids?.[0]
  } catch {
    // Killed before it answered.
    return undefined
  }
}

/** Starts emulators and kills them, until the events are accepted and there were enough kills. */
async function killUntil(
  isDone: () => boolean,
  settings: EmulatorSettings,
  leastKills: number,
  random: Random,
  pacer: Pacer,
): Promise<{ kills: number; emulator: ReceiverProcess }> {
  pacer.pause()
  for (let kills = 0; ; kills += 1) {
    damage(settings)
    const emulator = startProcess(fileURLToPath(new URL('../emulator.ts', import.meta.url)), settings)
    const word = await emulator.started
    if (word !== 'ready') throw new RangeError(`the emulator did not start: ${word}`)
    pacer.resume()
    await sleep(random.between(SHORTEST_LIFE_MS, LONGEST_LIFE_MS))
    if (isDone() && kills >= leastKills) return { kills, emulator }
    pacer.pause()
    await emulator.end('SIGKILL')
  }
}

/** Changes the state file as a mutant would have left it. */
function damage({ state, mutant }: EmulatorSettings): void {
  const isPlanned = `kind = 'delivery' AND json ->> '$.state' = 'pending'
    AND json ->> '$.nextAttemptAt' IS NOT NULL AND json_array_length(json, '$.attempts') > 0`
  withDatabase(state, (database) => {
    if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'gwh_records'").get() === undefined) return
    if (mutant === 'forgets-retries') database.exec(`DELETE FROM gwh_records WHERE ${isPlanned}`)
    if (mutant === 'hasty') {
      database.exec(`UPDATE gwh_records SET json = json_remove(json, '$.nextAttemptAt') WHERE ${isPlanned}`)
    }
  })
}

/** A delivery as the state file has it. */
interface StoredDelivery {
  id: string
  state: string
  attempts: { attempt: number; startedAt: number; status?: number; code?: string }[]
}

function readDeliveries(state: string): StoredDelivery[] {
  return withDatabase(state, (database) =>
    database
      .prepare("SELECT json FROM gwh_records WHERE kind = 'delivery'")
      .all()
      .map(({ json }) => JSON.parse(String(json))),
  )
}

function compare(
  accepted: ReadonlySet<string>,
  answers: ReadonlyMap<string, readonly number[]>,
  deliveries: readonly StoredDelivery[],
) {
  const acked = new Set(deliveries.filter(({ state }) => state === 'acked').map(({ id }) => id))
  const sum = (of: (delivery: StoredDelivery) => number) =>
    deliveries.reduce((total, delivery) => total + of(delivery), 0)
  return {
    lost: [...accepted].filter((id) => !acked.has(id) || !answers.get(id)?.includes(200)).length,
    pending: deliveries.filter(({ state }) => state === 'pending').length,
    gaps: sum(({ attempts }) => attempts.filter(({ attempt }, index) => attempt !== index + 1).length),
    unrecorded: sum(({ id, attempts }) => Math.max((answers.get(id)?.length ?? 0) - attempts.length, 0)),
    cut: sum(({ attempts }) => attempts.filter(({ code }) => code === 'closed').length),
    early: sum(({ attempts }) => earlyAttempts(attempts)),
    extra: [...answers.values()].reduce((total, all) => total + repeatsOf(all), 0),
  }
}

/** Counts the answers after the first acknowledgement. */
function repeatsOf(answers: readonly number[]): number {
  const ack = answers.indexOf(200)
  return ack < 0 ? 0 : answers.length - 1 - ack
}

/** Counts attempts that started before the gap of the schedule was over; a cut one is made again at once. */
function earlyAttempts(attempts: StoredDelivery['attempts']): number {
  let counted = 0
  return attempts.filter((attempt, index) => {
    if (attempt.code !== 'closed') counted += 1
    const next = attempts[index + 1]
    if (next === undefined || attempt.code === 'closed') return false
    return next.startedAt - attempt.startedAt < SCHEDULE_MS[counted]! - SCHEDULE_MS[counted - 1]!
  }).length
}
