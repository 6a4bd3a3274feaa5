import type { ActiveClaim, IdempotencyStore } from '@gwh/core/store'
import fc from 'fast-check'
import { assertEqual } from '../shared/assert.ts'
import type { RegisterTest } from '../shared/register-test.ts'
import type { StoreContract } from './store-contract.ts'

const START_MS = 1_795_000_000_000

/** How many random histories are tried, and how long they are. */
export interface ModelOptions {
  /** Default 100. */
  runs?: number
  /** Longest history, in steps. Default 60. */
  steps?: number
  /** Seed of a run to repeat; printed when a run fails. Default: a new one each time. */
  seed?: number
}

/** One step of a history. `claim` numbers an earlier claim of the key, stale ones among them. */
type Step =
  | { do: 'claim'; key: string; leaseMs: number; lifeMs: number }
  | { do: 'complete' | 'release'; key: string; claim: number }
  | { do: 'advance'; ms: number }
  | { do: 'reopen' }

interface ModelRecord {
  state: 'in_progress' | 'released' | 'completed'
  /** Which of the key's claims holds the lease. */
  owner: number
  attempt: number
  leaseUntil: number
  expiresAt: number
}

/** Runs random histories on a store and on a model of it, and compares every answer. */
export function storeModel(test: RegisterTest, contract: StoreContract, options: ModelOptions = {}): void {
  const { runs = 100, steps = 60, seed } = options
  test('the store answers every random history as its model does', async () => {
    const histories = fc.array(step(contract.reopen !== undefined), { maxLength: steps, size: 'max' })
    const property = fc.asyncProperty(histories, (history) => play(contract, history))
    await fc.assert(property, { numRuns: runs, ...(seed !== undefined && { seed }) })
  })
}

function step(canReopen: boolean): fc.Arbitrary<Step> {
  const key = fc.constantFrom('a', 'b')
  const claim = fc.nat({ max: 5 })
  const times = fc.constantFrom(1_000, 30_000, 60_000)
  const settle = fc.record({ do: fc.constantFrom('complete' as const, 'release' as const), key, claim })
  const steps: fc.Arbitrary<Step>[] = [
    fc.record({
      do: fc.constant('claim' as const),
      key,
      leaseMs: times,
      lifeMs: fc.constantFrom(60_000, 3_600_000),
    }),
    settle,
    settle,
    fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 999, 1_000, 30_000, 3_600_000) }),
  ]
  return fc.oneof(...steps, ...(canReopen ? [fc.constant<Step>({ do: 'reopen' })] : []))
}

async function play(contract: StoreContract, history: readonly Step[]): Promise<void> {
  let now = START_MS
  let store = await contract.create(() => now)
  const records = new Map<string, ModelRecord>()
  const claims = new Map<string, ActiveClaim[]>()
  try {
    for (const [index, step] of history.entries()) {
      const where = `step ${index} of ${JSON.stringify(history.slice(0, index + 1))}`
      if (step.do === 'advance') now += step.ms
      else if (step.do === 'reopen') store = await reopen(contract, store, () => now)
      else if (step.do === 'claim') await claimBoth(store, records, claims, step, now, where)
      else await settleBoth(store, records, claims, step, now, where)
    }
  } finally {
    await store.close?.()
  }
}

async function reopen(contract: StoreContract, store: IdempotencyStore, now: () => number) {
  await store.close?.()
  return await contract.reopen!(now)
}

async function claimBoth(
  store: IdempotencyStore,
  records: Map<string, ModelRecord>,
  claims: Map<string, ActiveClaim[]>,
  { key, leaseMs, lifeMs }: Step & { do: 'claim' },
  now: number,
  where: string,
): Promise<void> {
  const deadlines = { leaseUntil: now + leaseMs, expiresAt: now + lifeMs }
  const answer = await store.claim(key, deadlines)
  const known = records.get(key)
  const record = known && known.expiresAt > now ? known : undefined
  if (record?.state === 'completed') {
    assertEqual(answer, { status: 'completed' }, where)
  } else if (record?.state === 'in_progress' && record.leaseUntil > now) {
    assertEqual(answer, { status: 'in_progress', leaseUntil: record.leaseUntil }, where)
  } else {
    const attempt = (record?.attempt ?? 0) + 1
    assertEqual({ ...answer, token: '' }, { status: 'claimed', key, token: '', attempt }, where)
    const made = claims.get(key) ?? []
    claims.set(key, [...made, answer as ActiveClaim])
    records.set(key, { state: 'in_progress', owner: made.length, attempt, ...deadlines })
  }
}

async function settleBoth(
  store: IdempotencyStore,
  records: Map<string, ModelRecord>,
  claims: Map<string, ActiveClaim[]>,
  step: Step & { do: 'complete' | 'release' },
  now: number,
  where: string,
): Promise<void> {
  const made = claims.get(step.key) ?? []
  // Counted from the newest, so that most steps are about a claim that may still hold.
  const index = made.length - 1 - step.claim
  const claim = made[index]
  if (!claim) return
  const record = records.get(step.key)
  const holds = record?.state === 'in_progress' && record.owner === index
  const answer = step.do === 'complete' ? await store.complete(claim) : await store.release(claim)
  // A store deletes an expired record at some point; until then either answer is right.
  if (record && record.expiresAt <= now) return
  assertEqual(answer, holds, where)
  if (holds) record.state = step.do === 'complete' ? 'completed' : 'released'
}
