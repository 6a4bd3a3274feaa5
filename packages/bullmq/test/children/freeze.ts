// Handles deliveries; a handler prints when it starts and ends, and ends on SIGUSR2, even if its signal is aborted.
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { createBullmqQueue } from '@gwh/bullmq'

const [url = '', leaseMs = ''] = process.argv.slice(2)
const queue = createBullmqQueue({ connection: url })
let released = false
process.on('SIGUSR2', () => {
  released = true
})

queue.work(
  async (_, { attempt }) => {
    writeSync(1, `start ${attempt}\n`)
    while (!released) await pause(5)
    writeSync(1, `end ${attempt}\n`)
  },
  { leaseMs: Number(leaseMs) },
)
