// Enqueues numbered deliveries in bursts, from one number to another, and prints the number of each that is acknowledged.
import { writeSync } from 'node:fs'
import { createBullmqQueue } from '@gwh/bullmq'
import { queuedDelivery } from '@gwh/testing'

const [url = '', name = '', from = '', to = ''] = process.argv.slice(2)
const queue = createBullmqQueue({ connection: url })

async function enqueue(number: number): Promise<void> {
  try {
    await queue.enqueue(queuedDelivery({ id: `${name}-${number}` }))
    writeSync(1, `${number}\n`)
  } catch {
    // As a sender does after a 503.
    await enqueue(number)
  }
}

for (let start = Number(from); start < Number(to); start += 10) {
  await Promise.all(
    Array.from({ length: Math.min(10, Number(to) - start) }, (_, index) => enqueue(start + index)),
  )
}
await queue.close()
