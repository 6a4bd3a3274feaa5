import type { LeasedDelivery, QueueStorage } from '@gwh/core/queue'
import fc from 'fast-check'
import { queuedDelivery } from '../fixtures/queued-delivery.ts'
import { assertEqual, assertThat } from '../shared/assert.ts'
import type { RegisterTest } from '../shared/register-test.ts'
import type { ModelOptions } from '../store/store-model.ts'
import type { QueueStorageContract } from './queue-storage-harness.ts'

const START_MS = 1_795_100_000_000
const KEYS = ['a', 'b', 'c', 'd']

/** One step of a history. `lease` counts back from the newest lease, stale ones among them. */
type Step =
  | { do: 'insert'; key: string }
  | { do: 'claim'; limit: number; leaseMs: number; alone: boolean }
  | { do: 'renew' | 'complete' | 'retry' | 'deadLetter'; lease: number; ms: number }
  | { do: 'redrive'; key: string }
  | { do: 'advance'; ms: number }
  | { do: 'reopen' }

interface ModelRow {
  state: 'pending' | 'running' | 'retrying' | 'done' | 'dead'
  /** The newest lease of the row. */
  lease: LeasedDelivery | undefined
  attempts: number
  dueAt: number
}

interface Harness {
  storage: QueueStorage
  rows: Map<string, ModelRow>
  leases: LeasedDelivery[]
  now: number
  where: string
}

/** Runs random histories on a queue's storage and on a model of it, and compares every answer and every count. */
export function queueStorageModel(
  test: RegisterTest,
  contract: QueueStorageContract,
  options: ModelOptions = {},
): void {
  const { runs = 100, steps = 60, seed } = options
  test('the storage answers every random history as its model does', async () => {
    const histories = fc.array(step(contract.reopen !== undefined), { maxLength: steps, size: 'max' })
    const property = fc.asyncProperty(histories, (history) => play(contract, history))
    await fc.assert(property, { numRuns: runs, ...(seed !== undefined && { seed }) })
  })
}

function step(canReopen: boolean): fc.Arbitrary<Step> {
  const ms = fc.constantFrom(0, 1, 1_000, 60_000)
  const key = fc.constantFrom(...KEYS)
  const claim = fc.record({
    do: fc.constant('claim' as const),
    limit: fc.integer({ min: 1, max: 3 }),
    leaseMs: ms,
    alone: fc.boolean(),
  })
  const settle = fc.record({
    do: fc.constantFrom('renew' as const, 'complete' as const, 'retry' as const, 'deadLetter' as const),
    lease: fc.nat({ max: 5 }),
    ms,
  })
  const steps: fc.Arbitrary<Step>[] = [
    fc.record({ do: fc.constant('insert' as const), key }),
    claim,
    claim,
    settle,
    settle,
    fc.record({ do: fc.constant('redrive' as const), key: fc.constantFrom('all', ...KEYS) }),
    fc.record({ do: fc.constant('advance' as const), ms }),
  ]
  return fc.oneof(...steps, ...(canReopen ? [fc.constant<Step>({ do: 'reopen' })] : []))
}

async function play(contract: QueueStorageContract, history: readonly Step[]): Promise<void> {
  const harness: Harness = {
    storage: await contract.create(),
    rows: new Map(),
    leases: [],
    now: START_MS,
    where: '',
  }
  try {
    for (const [index, step] of history.entries()) {
      harness.where = `step ${index} of ${JSON.stringify(history.slice(0, index + 1))}`
      await take(contract, harness, step)
      await compareCounts(harness)
    }
  } finally {
    await harness.storage.close()
  }
}

async function take(contract: QueueStorageContract, harness: Harness, step: Step): Promise<void> {
  if (step.do === 'advance') harness.now += step.ms
  else if (step.do === 'insert') await insertBoth(harness, step.key)
  else if (step.do === 'claim') await claimBoth(harness, step)
  else if (step.do === 'redrive') await redriveBoth(harness, step.key)
  else if (step.do === 'reopen') {
    await harness.storage.close()
    harness.storage = await contract.reopen!()
  } else await settleBoth(harness, step)
}

async function insertBoth({ storage, rows, now, where }: Harness, key: string): Promise<void> {
  const answer = await storage.insert(queuedDelivery({ key, id: key, receivedAt: now }))
  assertEqual(answer, rows.has(key) ? 'duplicate' : 'enqueued', where)
  if (!rows.has(key)) rows.set(key, { state: 'pending', lease: undefined, attempts: 0, dueAt: 0 })
}

async function claimBoth(harness: Harness, { limit, leaseMs, alone }: Step & { do: 'claim' }): Promise<void> {
  const { storage, rows, now, where } = harness
  const leaseUntil = now + leaseMs
  const due = [...rows.values()].filter((row) => isDue(row, now))
  const suspects = due.filter((row) => row.state === 'running' && row.attempts >= 2)
  const claimed = await storage.claim({ limit, now, leaseUntil, alone })
  const expected = suspects.length > 0 ? Number(alone) : Math.min(limit, due.length)
  // A lease that ends at once may be claimed again within one claim.
  if (leaseMs > 0 || suspects.length > 0) assertEqual(claimed.length, expected, where)
  for (const lease of claimed) {
    const row = rows.get(lease.key)
    assertThat(row !== undefined && isDue(row, now), where)
    assertEqual(lease.quarantined === true, suspects.length > 0, where)
    assertThat(suspects.length === 0 || suspects.includes(row), where)
    assertEqual(lease.attempt, row.attempts + 1, where)
    Object.assign(row, { state: 'running', lease, attempts: lease.attempt, dueAt: leaseUntil })
    harness.leases.unshift(lease)
  }
}

function isDue({ state, dueAt }: ModelRow, now: number): boolean {
  return state !== 'done' && state !== 'dead' && dueAt <= now
}

async function settleBoth(
  { storage, rows, leases, now, where }: Harness,
  step: Step & { do: 'renew' | 'complete' | 'retry' | 'deadLetter' },
): Promise<void> {
  const lease = leases[step.lease]
  if (!lease) return
  const row = rows.get(lease.key)!
  const holds = row.state === 'running' && row.lease === lease
  const dueAt = now + step.ms
  const verbs = {
    renew: () => storage.renew(lease, dueAt, now),
    complete: () => storage.complete(lease, now),
    retry: () => storage.retry(lease, dueAt, now),
    deadLetter: () => storage.deadLetter(lease, 'attempts', now),
  }
  assertEqual(await verbs[step.do](), holds, where)
  const states = { renew: 'running', complete: 'done', retry: 'retrying', deadLetter: 'dead' } as const
  if (holds) Object.assign(row, { state: states[step.do], dueAt })
}

async function redriveBoth({ storage, rows, now, where }: Harness, key: string): Promise<void> {
  const dead = [...rows].filter(([name, row]) => row.state === 'dead' && (key === 'all' || key === name))
  assertEqual(await storage.redrive(key, now), dead.length, where)
  for (const [, row] of dead) Object.assign(row, { state: 'pending', attempts: 0, dueAt: now })
}

async function compareCounts({ storage, rows, now, where }: Harness): Promise<void> {
  const { oldestPendingMs: _, ...counts } = await storage.stats(now)
  const expected = { pending: 0, running: 0, retrying: 0, done: 0, dead: 0 }
  for (const { state } of rows.values()) expected[state]++
  assertEqual(counts, expected, where)
}
