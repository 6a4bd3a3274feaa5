// Handles deliveries until it is killed; a handler's effect is a printed line, also when it fails on purpose.
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { createBullmqQueue } from '@gwh/bullmq'

const [url = '', leaseMs = '', mode = ''] = process.argv.slice(2)
const queue = createBullmqQueue({ connection: url })

queue.work(
  async (message, { attempt }) => {
    writeSync(1, `${message.id} ${attempt}\n`)
    if (mode === 'crash') process.kill(process.pid, 'SIGKILL')
    if (mode === 'poison' && message.id === 'poison') process.kill(process.pid, 'SIGKILL')
    if (mode === 'hang') await new Promise(() => {})
    await pause(1)
  },
  { concurrency: 8, leaseMs: Number(leaseMs), maxAttempts: { crash: 3, poison: 5 }[mode] ?? 12 },
)
