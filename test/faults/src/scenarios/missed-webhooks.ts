import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { JobsSignal } from '@gwh/genai'
import { freePort } from '@gwh/testing'
import { type PlannedJob, startVirtualGoogle, type VirtualGoogle } from '@gwh-test/support/virtual-google'
import { type AwaitingProcess, startAwaiting } from '../jobs/awaiting-process.ts'
import type { LedgerMutant } from '../jobs/commands.ts'
import type { Random } from '../random.ts'
import { count, type Finding, failuresOf, type Scenario, type ScenarioHarness } from '../scenario.ts'

const START_MS = Date.UTC(2026, 10, 21)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const STEP_MS = 5 * MINUTE_MS
const JOBS = 100
const EXPECTED_MS = 2 * HOUR_MS
const MOST_LOOKUPS = 3

export const NO_JOB_TWICE = 'no job ends twice'
export const EVERY_JOB = 'every job ends'

export const missedWebhooks: Scenario = { name: 'missed-webhooks', run: (harness) => awaitingJobs(harness) }

/** A third of the webhooks is lost, a fifth sent twice, a tenth late; two kills; a day and an hour without Google. */
export async function awaitingJobs(
  { random, folder }: ScenarioHarness,
  mutant?: LedgerMutant,
): Promise<Finding> {
  const google = await startVirtualGoogle(START_MS)
  const service = await startService(google, join(folder, 'jobs.db'), mutant)
  try {
    const expected = new Map<string, string>()
    const plans = Array.from({ length: JOBS }, (_, n) => plan(n, random))
    const start = async (job: PlannedJob) => {
      const name = await google.create(job, { uri: service.uri })
      expected.set(name, resultOf(job))
      await service.process().tell({ do: 'track', name, expectedMs: EXPECTED_MS })
    }
    // Half of the jobs end while Google can be reached, late webhooks included.
    for (const job of plans.slice(0, JOBS / 2)) await start(job)
    await service.advance(HOUR_MS / 2)
    await service.killDuring(random.between(0, 40))
    await service.advance(8 * HOUR_MS)
    for (const job of plans.slice(JOBS / 2)) await start(job)
    await service.advance(HOUR_MS / 2)
    google.up = false
    await service.advance(25 * HOUR_MS)
    google.up = true
    await service.killDuring(random.between(0, 40))
    await service.process().tell({ do: 'reconcile' })
    await service.advance(12 * HOUR_MS)
    return judge(expected, service, google)
  } finally {
    await service.process().kill()
    await google.close()
  }
}

/** One of ten jobs, in a fixed order: which kind, how it ends, and what happens to its webhook. */
function plan(n: number, random: Random): PlannedJob {
  const kind = (['batch', 'interaction', 'video'] as const)[n % 3]!
  const afterMs = Math.floor(random.between(MINUTE_MS, 110 * MINUTE_MS))
  const outcome = kind !== 'video' && n % 20 === 7 ? 'failed' : 'succeeded'
  const fate = n % 10
  if (fate < 3) return { n, kind, afterMs, outcome, webhooks: { drop: true } }
  if (fate < 5) return { n, kind, afterMs, outcome, webhooks: { duplicate: 2 } }
  if (fate < 6) return { n, kind, afterMs, outcome, webhooks: { delayMs: 4 * HOUR_MS } }
  return { n, kind, afterMs, outcome }
}

function resultOf({ n, kind, outcome }: PlannedJob): string {
  if (outcome === 'failed') return 'failed'
  if (kind === 'video') return 'video of some bytes'
  return kind === 'batch' ? `job ${n} Echo: job ${n}` : `Echo: job ${n}`
}

/** The service, which starts again at the same place after a kill. */
async function startService(google: VirtualGoogle, path: string, mutant: LedgerMutant | undefined) {
  const port = await freePort()
  const signals: JobsSignal[] = []
  let now = START_MS
  const start = () =>
    startAwaiting({ now, google: google.url, jwks: google.jwks, path, port, mutant }, (signal) =>
      signals.push(signal),
    )
  let process: AwaitingProcess = await start()
  const step = async (ms: number) => {
    await google.emulator.clock.advance(ms)
    now += ms
    return await process.tell({ do: 'advance', ms })
  }
  return {
    uri: `http://127.0.0.1:${port}/`,
    path,
    signals,
    process: () => process,
    async advance(ms: number) {
      for (let left = ms; left > 0; left -= STEP_MS) await step(Math.min(left, STEP_MS))
    },
    /** Kills the service while time advances. */
    async killDuring(afterMs: number) {
      const timer = setTimeout(() => void process.kill(), afterMs)
      for (let steps = 0; steps < 24 && (await step(STEP_MS)); steps++);
      clearTimeout(timer)
      await process.kill()
      process = await start()
    },
  }
}

function judge(
  expected: ReadonlyMap<string, string>,
  { path, signals }: { path: string; signals: readonly JobsSignal[] },
  google: VirtualGoogle,
): Finding {
  const database = new DatabaseSync(path, { readOnly: true })
  const ended = database.prepare('SELECT job, result FROM ended').all()
  database.close()
  const wrong = ended.filter(({ job, result }) => expected.get(String(job)) !== result)
  const once = new Set(ended.map(({ job }) => job)).size
  const missed = new Set(signals.flatMap((signal) => (signal.type === 'missed' ? signal.job : []))).size
  const duplicates = signals.filter(({ type }) => type === 'duplicate').length
  const lookups = signals.filter(({ type }) => type === 'lookup').length
  const lost = google.emulator.deliveries().filter(({ state }) => state !== 'acked').length
  return {
    figures:
      `${JOBS} jobs, 2 kills, 25 h without Google: ${once} ended, ${ended.length - once} twice, ${lost} webhooks lost, ` +
      `${duplicates} late ones duplicates, ` +
      `${missed} jobs found by look-up, ${count(lookups)} look-ups (${(lookups / missed).toFixed(2)} per missed job)`,
    failures: failuresOf({
      [EVERY_JOB]: once === JOBS,
      [NO_JOB_TWICE]: ended.length === once,
      'every result is right': wrong.length === 0,
      'late webhooks were duplicates': duplicates > 0,
      'webhooks were lost': lost >= 0.3 * JOBS,
      [`at most ${MOST_LOOKUPS} look-ups per missed job`]: lookups <= MOST_LOOKUPS * missed,
    }),
  }
}
