// How many deliveries a SQLite queue takes per second, each on disk before it is acknowledged, how long each waits, and how long the
// event loop is blocked: one at a time against groups, on an empty file and on one that has grown. Then the CPU time of a delivery
// with and without the worker that handles it. `--grown` adds a file with a million deliveries, `--rounds <n>` changes the number of
// rounds.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import type { QueuedDelivery } from '@gwh/core/queue'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { makeBody } from './deliveries.ts'
import { median } from './measured.ts'

const { values: options } = parseArgs({
  options: { grown: { type: 'boolean', default: false }, rounds: { type: 'string', default: '9' } },
})
const ROUNDS = Number(options.rounds)
const ROUND_MS = 300
// A loop that polls in every turn would itself be the load, and starve the threads that sync.
const SAMPLE_MS = 1
// Groups of every size share one file, which grows from this.
const SIZES = options.grown ? [0, 100_000, 1_000_000] : [0, 100_000]
const IN_FLIGHT = [1, 8, 64, 256]
/** How many deliveries each round of the last part handles. */
const PER_ROUND = 1_024

interface Contender {
  name: string
  inFlight: number
  enqueue(message: QueuedDelivery): Promise<unknown>
  next: () => QueuedDelivery
}

/** The result of one contender's round: deliveries per second, the rest in milliseconds. */
interface Round {
  rate: number
  /** The 99th percentile of the time from enqueueing a delivery to its acknowledgement. */
  p99: number
  /** The longest time a timer of one millisecond was late. */
  stall: number
}

const folder = mkdtempSync(join(tmpdir(), 'gwh-bench-'))
const body = makeBody(300)
const known = makeDelivery()

function makeDelivery(): QueuedDelivery {
  // As a receiver makes them: the SHA-256 of endpoint and id, in no visible order.
  const key = randomBytes(32).toString('hex')
  const id = `msg_${key.slice(0, 27)}`
  const timestamp = Math.floor(Date.now() / 1000)
  return { key, endpoint: 'default', id, timestamp, scheme: 'static', receivedAt: Date.now(), body }
}

/** The same tables without the queue: what hand-written code gets, with SQLite itself waiting for the disk. */
function openByHand(path: string) {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8000')
  const insert = database.prepare(
    `INSERT INTO gwh_deliveries (key_hash, key, endpoint, id, timestamp, scheme, received_at, body, checksum, state,
      state_time, token, attempts) VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 'pending', ?6, 1, 0)`,
  )
  return {
    async enqueue({ key, endpoint, id, timestamp, scheme, receivedAt, body }: QueuedDelivery) {
      insert.run(key, endpoint, id, timestamp, scheme, receivedAt, body)
      // As a server would: the next request comes with the next turn of the event loop.
      await new Promise(setImmediate)
    },
    close: () => database.close(),
  }
}

/** Per second of wall time, because waiting for the disk is what counts here. */
async function measure({ inFlight, enqueue, next }: Contender): Promise<Round> {
  const start = performance.now()
  const end = start + ROUND_MS
  const waits: number[] = []
  let stall = 0
  let due = start + SAMPLE_MS
  const look = () => {
    const now = performance.now()
    stall = Math.max(stall, now - due)
    due = now + SAMPLE_MS
    if (now < end) setTimeout(look, SAMPLE_MS)
  }
  const one = async () => {
    for (let sent = performance.now(); sent < end; ) {
      await enqueue(next())
      const now = performance.now()
      waits.push(now - sent)
      sent = now
    }
  }
  setTimeout(look, SAMPLE_MS)
  await Promise.all(Array.from({ length: inFlight }, one))
  const rate = (waits.length / (performance.now() - start)) * 1000
  return { rate, p99: waits.sort((a, b) => a - b)[Math.floor(waits.length * 0.99)]!, stall }
}

async function runOn(rows: number): Promise<void> {
  const path = join(folder, `${rows}.db`)
  const queue = createSqliteQueue({ path, maxPending: Number.MAX_SAFE_INTEGER, minFreeBytes: 0 })
  await queue.enqueue(known)
  for (let filled = 0; filled < rows; filled += 1_000) {
    await Promise.all(Array.from({ length: 1_000 }, () => queue.enqueue(makeDelivery())))
  }
  const ownPath = join(folder, `${rows}-by-hand.db`)
  await createSqliteQueue({ path: ownPath }).close()
  const byHand = openByHand(ownPath)
  const contenders: Contender[] = [
    ...IN_FLIGHT.map((inFlight) => ({
      name: inFlight === 1 ? 'one transaction each' : `${inFlight} in flight`,
      inFlight,
      enqueue: queue.enqueue,
      next: makeDelivery,
    })),
    { name: '64 in flight, all known', inFlight: 64, enqueue: queue.enqueue, next: () => known },
    { name: 'one each, SQLite by hand', inFlight: 1, enqueue: byHand.enqueue, next: makeDelivery },
  ]
  const rounds = contenders.map((): Round[] => [])
  // The first round warms up.
  for (let round = -1; round < ROUNDS; round++) {
    for (const [index, contender] of contenders.entries()) {
      const result = await measure(contender)
      if (round >= 0) rounds[index]!.push(result)
    }
  }
  print(rows, contenders, rounds)
  await queue.close()
  byHand.close()
}

function print(rows: number, contenders: readonly Contender[], rounds: readonly Round[][]): void {
  console.log(`\n300 B, on a file that began with ${rows} deliveries; min / median / max of ${ROUNDS} rounds`)
  const spread = (of: readonly Round[], figure: keyof Round, show: (value: number) => string) => {
    const values = of.map((round) => round[figure])
    return [Math.min(...values), median(values), Math.max(...values)].map(show).join(' / ')
  }
  const base = median(rounds[0]!.map(({ rate }) => rate))
  for (const [index, { name }] of contenders.entries()) {
    const of = rounds[index]!
    const ratio = `× ${(median(of.map(({ rate }) => rate)) / base).toFixed(1)}`
    const rates = `${spread(of, 'rate', (rate) => (rate / 1000).toFixed(1))} k/s`
    const [p99, stall] = [
      spread(of, 'p99', (ms) => ms.toFixed(1)),
      spread(of, 'stall', (ms) => ms.toFixed(1)),
    ]
    console.log(
      `  ${name.padEnd(24)} ${rates.padEnd(24)} ${ratio.padEnd(7)} p99 ${p99.padEnd(16)} stall ${stall} ms`,
    )
  }
}

/** The CPU time of enqueueing a delivery, and of a worker that handles it at once, in microseconds. */
async function measureHandling(concurrency: number | undefined): Promise<number> {
  const path = join(folder, `handled-${concurrency}.db`)
  const queue = createSqliteQueue({ path, maxPending: Number.MAX_SAFE_INTEGER, minFreeBytes: 0 })
  let settled = 0
  let onAll = () => {}
  const onSettled = () => ++settled % PER_ROUND === 0 && onAll()
  const worker = concurrency && queue.work(async () => {}, { concurrency, onSettled })
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS * 3; round++) {
    const deliveries = Array.from({ length: PER_ROUND }, makeDelivery)
    const before = process.cpuUsage()
    const all = worker && new Promise<void>((resolve) => (onAll = resolve))
    for (let index = 0; index < PER_ROUND; index += 64)
      await Promise.all(deliveries.slice(index, index + 64).map(queue.enqueue))
    await all
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / PER_ROUND)
  }
  if (worker) await worker.stop()
  await queue.close()
  return least
}

console.log('stall: how late a timer of 1 ms was at most, one after the other through the whole round')
for (const rows of SIZES) await runOn(rows)
console.log('\nCPU time of a delivery, 64 in flight, the least of all rounds')
for (const concurrency of [undefined, 1, 8, 64]) {
  const name = concurrency ? `enqueued and handled by a worker with concurrency ${concurrency}` : 'enqueued'
  console.log(`  ${name.padEnd(54)} ${(await measureHandling(concurrency)).toFixed(1)} µs`)
}
rmSync(folder, { recursive: true })
