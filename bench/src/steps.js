// Where the CPU time of one delivery goes in the receiver itself: without HTTP, in one process, hot. The least of many
// rounds, in turns, because other load only adds to it.
import { createReceiver, createVerifier, parseEvent } from '@gwh/core'
import { createMemoryStore } from '@gwh/core/store'
import { makeBody, SECRET, signedStatic } from './deliveries.ts'

const ROUNDS = Number(process.argv[2] ?? 25)
const DELIVERIES = 4000
const IN_FLIGHT = 64
const LEASE = { leaseUntil: Date.now() + 60000, expiresAt: Date.now() + 3600000 }
const secrets = { static: { secrets: SECRET } }
const verifier = createVerifier({ secrets: SECRET })
const store = createMemoryStore()
const emptyQueue = { enqueue: async () => 'enqueued' }
const queued = createReceiver({ ...secrets, queue: emptyQueue, observer: () => {} })
const inline = createReceiver({ ...secrets, observer: () => {} }).on('batch.*', () => {})
const STEPS = {
  'verify only': (delivery) => verifier.verify(delivery),
  'receiver with an empty queue': (delivery) => queued.receive(delivery),
  'receiver inline, memory store, one handler': (delivery) => inline.receive(delivery),
  '  of it: parse, JSON guard and fields': ({ body }) => parseEvent(body),
  '  of it: claim and complete in the store': async ({ headers }) => {
    const claim = await store.claim(headers['webhook-id'], LEASE)
    if (claim.status === 'claimed') await store.complete(claim)
  },
}
let ids = 0
const body = makeBody(300)
/** Microseconds of CPU time per delivery, with as many in flight as a busy server has. */
async function measure(step) {
  const deliveries = Array.from({ length: DELIVERIES }, () => signedStatic(body, `msg_${ids++}`))
  const before = process.cpuUsage()
  for (let index = 0; index < DELIVERIES; index += IN_FLIGHT) {
    await Promise.all(deliveries.slice(index, index + IN_FLIGHT).map(step))
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / DELIVERIES
}
const least = new Map()
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, step] of Object.entries(STEPS)) {
    least.set(name, Math.min(least.get(name) ?? Number.POSITIVE_INFINITY, await measure(step)))
  }
}
for (const [name, microseconds] of least)
  console.log(`${name.padEnd(44)} ${microseconds.toFixed(2).padStart(6)} µs`)
process.exit()
