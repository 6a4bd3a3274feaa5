// How many deliveries a SQLite queue takes per second, each on the disk before it is acknowledged, and how long the
// event loop stands still for it: one at a time against groups, on an empty file and on one that has grown.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { DeliveryQueue, QueuedDelivery } from '@gwh/core/queue'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { makeBody } from './deliveries.ts'
import { median } from './harness.ts'

const ROUNDS = 9
const ROUND_MS = 300
const GROWN = 100_000

interface Contender {
  name: string
  queue: DeliveryQueue
  inFlight: number
  next: () => QueuedDelivery
}

/** What one round of one contender came to: deliveries per second, and delays of the event loop in milliseconds. */
interface Round {
  rate: number
  mid: number
  high: number
  longest: number
}

const folder = mkdtempSync(join(tmpdir(), 'gwh-bench-'))
const body = makeBody(300)
const known = makeDelivery()
let files = 0

function makeDelivery(): QueuedDelivery {
  // As a receiver makes them: the SHA-256 of endpoint and id, which no order can be seen in.
  const key = randomBytes(32).toString('hex')
  const id = `msg_${key.slice(0, 27)}`
  const timestamp = Math.floor(Date.now() / 1000)
  return { key, endpoint: 'default', id, timestamp, scheme: 'static', receivedAt: Date.now(), body }
}

async function open(rows: number): Promise<DeliveryQueue> {
  const path = join(folder, `${++files}.db`)
  const queue = createSqliteQueue({ path, maxPending: Number.MAX_SAFE_INTEGER, minFreeBytes: 0 })
  await queue.enqueue(known)
  for (let filled = 0; filled < rows; filled += 1_000) {
    await Promise.all(Array.from({ length: 1_000 }, () => queue.enqueue(makeDelivery())))
  }
  return queue
}

async function contendersOn(rows: number): Promise<Contender[]> {
  const add = async (name: string, inFlight: number, next = makeDelivery) => ({
    name,
    queue: await open(rows),
    inFlight,
    next,
  })
  return [
    await add('one transaction each', 1),
    await add('8 in flight', 8),
    await add('64 in flight', 64),
    await add('256 in flight', 256),
    await add('64 in flight, all known', 64, () => known),
  ]
}

/** Of wall time: waiting for the disk is what this is about. */
async function measure({ queue, inFlight, next }: Contender): Promise<Round> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const start = performance.now()
  let taken = 0
  const one = async () => {
    while (performance.now() - start < ROUND_MS) {
      await queue.enqueue(next())
      taken++
    }
  }
  delay.enable()
  await Promise.all(Array.from({ length: inFlight }, one))
  delay.disable()
  const rate = (taken / (performance.now() - start)) * 1000
  const [mid, high, longest] = [50, 99, 100].map((share) => delay.percentile(share) / 1e6)
  return { rate, mid: mid!, high: high!, longest: longest! }
}

for (const rows of [0, GROWN]) {
  const contenders = await contendersOn(rows)
  const rounds = contenders.map((): Round[] => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, contender] of contenders.entries()) rounds[index]!.push(await measure(contender))
  }
  console.log(
    `\n300 B, on a file that began with ${rows} deliveries (delays of the event loop in ms, of 1 at rest)`,
  )
  for (const [index, { name, queue }] of contenders.entries()) {
    const middle = (figure: keyof Round, of = rounds[index]!) => median(of.map((round) => round[figure]))
    const ratio = middle('rate') / middle('rate', rounds[0]!)
    console.log(
      `  ${name.padEnd(28)} ${(middle('rate') / 1000).toFixed(1).padStart(6)} k/s  × ${ratio.toFixed(1).padEnd(5)}` +
        ` delay p50 ${middle('mid').toFixed(1)}, p99 ${middle('high').toFixed(1)}, longest ${middle('longest').toFixed(1)}`,
    )
    await queue.close()
  }
}
rmSync(folder, { recursive: true })
