import { join } from 'node:path'
import { PermanentError } from '@gwh/core/errors'
import { createStoredQueue, type DeliveryQueue, type QueueStorage } from '@gwh/core/queue'
import { openSqliteStorage } from '@gwh/store-sqlite'
import { createFakeClock, type FakeClock, queuedDelivery } from '@gwh/testing'
import { count, type Finding, failuresOf, type Scenario, type ScenarioHarness } from '../scenario.ts'

const DAY_MS = 24 * 3_600_000
const ROUNDS = 20
const EACH = 10
// How far the clock is set, each time, and set back at the end of the round.
const STEPS_MS = [31 * DAY_MS, 5 * DAY_MS, -5 * DAY_MS, 3_600_000, -3_600_000]
// The longest backoff plus the longest lease, doubled for the claims that find them.
const PATIENCE_MS = 2 * 3_600_000
const WORK = { leaseMs: 60_000, backoffMs: 1_000, maxBackoffMs: 3_600_000, maxAttempts: 1_000 }

/** How a storage is changed before it is examined. */
export type ClockChange = (storage: QueueStorage, path: string, clock: FakeClock) => QueueStorage

export const clockSteps: Scenario = { name: 'clock-steps', run: (harness) => stepping(harness) }

/** Sets the clock of a queue ahead and back, reopening it each time, while deliveries fail or are abandoned. */
export async function stepping(
  { folder, random }: ScenarioHarness,
  change: ClockChange = (storage) => storage,
): Promise<Finding> {
  const clock = createFakeClock()
  const path = join(folder, 'deliveries.db')
  const open = () => {
    const storage = change(openSqliteStorage({ path, clock }), path, clock)
    return { storage, queue: createStoredQueue(storage, { clock }) }
  }
  const done = queuedDelivery()
  const dead = queuedDelivery()
  let { storage, queue } = open()
  await settle(queue, done, async () => {})
  await settle(queue, dead, () => Promise.reject(new PermanentError('never')))
  const acknowledged = new Set<string>()
  for (let round = 0; round < ROUNDS; round++) {
    const stepMs = STEPS_MS[round % STEPS_MS.length] ?? 0
    clock.step(stepMs)
    for (const key of await enqueue(queue, clock)) acknowledged.add(key)
    // Leases without an owner, as after a kill.
    await storage.claim({ limit: EACH / 2, now: clock.now(), leaseUntil: clock.now() + WORK.leaseMs })
    await queue.drain(() => Promise.reject(new Error('not yet')), WORK)
    clock.step(-stepMs)
    await queue.close()
    ;({ storage, queue } = open())
    await clock.advance(random.between(1, 60_000))
  }
  const handled = await finish(queue, clock)
  const duplicate = (await queue.enqueue(done)) === 'duplicate'
  const letters = await queue.deadLetters.list()
  await queue.close()
  const unhandled = [...acknowledged].filter((key) => !handled.has(key)).length
  return {
    figures: `${count(acknowledged.size)} deliveries, ${ROUNDS} steps of up to 31 days and back, ${unhandled} not handled within ${PATIENCE_MS / 3_600_000} h, ${letters.length} of 1 dead letters kept`,
    failures: failuresOf({
      [NOTHING_FROZEN]: unhandled === 0,
      [NOTHING_PURGED]: duplicate && letters.some(({ message }) => message.key === dead.key),
    }),
  }
}

/** What the mutants of this scenario break. */
export const NOTHING_FROZEN = 'nothing waits for longer than its longest wait'
export const NOTHING_PURGED = 'no handled delivery and no dead letter is forgotten'

async function enqueue(queue: DeliveryQueue, clock: FakeClock): Promise<string[]> {
  const messages = Array.from({ length: EACH }, () => queuedDelivery({ receivedAt: clock.now() }))
  for (const message of messages) await queue.enqueue(message)
  return messages.map(({ key }) => key)
}

async function settle(
  queue: DeliveryQueue,
  message: ReturnType<typeof queuedDelivery>,
  handler: () => Promise<void>,
): Promise<void> {
  await queue.enqueue(message)
  await queue.drain(handler)
}

async function finish(queue: DeliveryQueue, clock: FakeClock): Promise<Set<string>> {
  const handled = new Set<string>()
  for (let waited = 0; waited <= PATIENCE_MS; waited += PATIENCE_MS / 20) {
    await queue.drain(async ({ key }) => void handled.add(key), WORK)
    await clock.advance(PATIENCE_MS / 20)
  }
  return handled
}
