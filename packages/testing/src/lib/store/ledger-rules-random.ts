import { createMemoryLedger, type JobLedger } from '@gwh/core/store'
import { assertEqual } from '../shared/assert.ts'
import { type Define, MINUTE_MS, NOW } from './ledger-harness.ts'

const SEEDS = [1, 2, 3]
const STEPS = 300
const DAY_MS = 24 * 60 * MINUTE_MS
// Nothing expires meanwhile: ledgers differ in when they purge.
const LATER = NOW + 1_000 * DAY_MS

/** Rules that compare a ledger with the one in memory. */
export function defineRandom(define: Define): void {
  for (const seed of SEEDS) {
    define(
      `random calls, under a clock that jumps by days, do what they do in memory: seed ${seed}`,
      async ({ ledger }) => {
        const model = createMemoryLedger()
        const random = createRandom(seed)
        let now = NOW
        for (let step = 0; step < STEPS; step++) {
          now += jump(random)
          const { title, call } = nextCall(random, now, step)
          assertEqual(await call(ledger), await call(model), `step ${step}, ${title}`)
        }
      },
    )
  }
}

/** A call of a ledger, which can be repeated on another one. */
interface Call {
  title: string
  call: (ledger: JobLedger) => Promise<unknown>
}

/** Returns a whole number below `bound`. */
type Random = (bound: number) => number

function createRandom(seed: number): Random {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

function jump(random: Random): number {
  if (random(50) === 0) return (random(3) - 1) * 3 * DAY_MS
  return random(5) === 0 ? random(MINUTE_MS) : 0
}

function nextCall(random: Random, now: number, step: number): Call {
  const key = { endpoint: random(2) === 0 ? 'a' : 'b', id: `job-${random(8)}` }
  // No two jobs are due at the same time, so that their order is known.
  const lookAt = now + random(1_000) * 1_000 + step
  const end = { ...key, name: 'batches/x', event: String(step), now, expiresAt: LATER }
  const taken = random(2) === 0 ? { dueAt: now } : { takenBefore: now - MINUTE_MS }
  const holder = `holder-${random(3)}`
  const deadlines = { now, leaseUntil: now + MINUTE_MS / 2, expiresAt: LATER }
  const calls: Record<string, Call['call']> = {
    open: (ledger) => ledger.open({ ...key, name: `batches/${step}`, createdAt: now, lookAt }),
    end: (ledger) => ledger.end(end),
    giveUp: (ledger) => ledger.giveUp(end),
    settle: (ledger) => ledger.settle(key, now),
    async take(ledger) {
      const jobs = await ledger.take({ endpoint: key.endpoint, ...taken, now, until: lookAt, limit: 100 })
      return jobs.sort((one, other) => (one.id < other.id ? -1 : 1))
    },
    postpone: (ledger) => ledger.postpone(key, lookAt),
    nextLookAt: (ledger) => ledger.nextLookAt(key.endpoint, now),
    begin: (ledger) => ledger.begin(key.id, holder, deadlines),
    complete: (ledger) => ledger.complete(key.id, holder),
    release: (ledger) => ledger.release(key.id, holder),
  }
  const names = Object.keys(calls)
  const name = names[random(names.length)]!
  return {
    title: `${name} of ${key.id} at ${now - NOW} ms`,
    call: async (ledger) => [await calls[name]!(ledger), await ledger.find(key)],
  }
}
