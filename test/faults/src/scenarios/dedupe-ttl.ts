import { join } from 'node:path'
import { createReceiver } from '@gwh/core'
import type { IdempotencyStore } from '@gwh/core/store'
import { createSqliteStore } from '@gwh/store-sqlite'
import { signedDelivery } from '@gwh/testing'
import { count, type Finding, failuresOf, type Scenario, type ScenarioHarness } from '../scenario.ts'

const NOW = 1_795_000_000_000
const HOUR_MS = 3_600_000
const IDS = 50
// A sender retries for a day, with growing waits.
const RETRIES_AT_HOURS = [0.1, 0.9, 1.5, 4, 12, 24]

/** How a store is changed before it is examined. */
export type StoreChange = (store: IdempotencyStore, now: () => number) => IdempotencyStore

export const dedupeTtl: Scenario = { name: 'dedupe-ttl', run: (harness) => retrying(harness) }

/** Retries handled deliveries for a day on a virtual clock. */
export async function retrying(
  { folder, secret }: ScenarioHarness,
  change: StoreChange = (store) => store,
): Promise<Finding> {
  let hours = 0
  const now = () => NOW + hours * HOUR_MS
  const store = change(createSqliteStore({ path: join(folder, 'claims.db'), now }), now)
  const receiver = createReceiver({ static: { secrets: secret }, store, now })
  let effects = 0
  receiver.on('*', () => void effects++)
  const send = async (id: string) => {
    const timestamp = Math.floor(now() / 1_000)
    const { headers, body } = await signedDelivery({ id, secret, timestamp })
    const response = await receiver.fetch(
      new Request('http://localhost/', { method: 'POST', headers, body: new Uint8Array(body) }),
    )
    return String(((await response.json()) as { status?: string }).status)
  }
  const sendAll = () => Promise.all(Array.from({ length: IDS }, (_, index) => send(`msg_${index}`)))

  const first = await sendAll()
  let duplicates = 0
  for (hours of RETRIES_AT_HOURS)
    duplicates += (await sendAll()).filter((verdict) => verdict === 'duplicate').length
  await store.close?.()
  const retries = IDS * RETRIES_AT_HOURS.length
  return {
    figures: `${count(retries)} retries within 24 h of ${IDS} handled deliveries, ${duplicates} duplicates, ${effects - IDS} extra effects`,
    failures: failuresOf({
      'the first delivery is accepted': first.every((verdict) => verdict === 'accepted'),
      'every retry is a duplicate': duplicates === retries,
      'no extra effects': effects === IDS,
    }),
  }
}
