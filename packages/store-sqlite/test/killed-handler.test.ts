import { setImmediate } from 'node:timers/promises'
import { createReceiver, type ReceiverSignal } from '@gwh/core'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { createFakeClock } from '@gwh/testing'
import { expect, test } from 'vitest'
import { startChild } from './children/start-child.ts'
import { temporaryFile } from './temporary-file.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

test('after kill -9, the next worker says what it waits for, and handles it when the lease has ended', {
  timeout: 60_000,
}, async () => {
  const path = temporaryFile()
  const killed = startChild('./receive-and-hang.ts', path, SECRET)
  await Promise.race([
    new Promise<void>((resolve) => killed.onLine(() => resolve())),
    killed.ended.then(({ errors }) => Promise.reject(new Error(errors))),
  ])
  killed.process.kill('SIGKILL')
  await killed.ended

  const clock = createFakeClock(Date.now())
  const signals: ReceiverSignal[] = []
  const warned = Promise.withResolvers<void>()
  const receiver = createReceiver({
    static: { secrets: SECRET },
    queue: createSqliteQueue({ path, clock }),
    clock,
    observer(signal) {
      signals.push(signal)
      if (signal.type === 'warning') warned.resolve()
    },
  })
  const handled: string[] = []
  receiver.on('*', (event) => void handled.push(event.type))
  receiver.work()
  await warned.promise
  expect(signals).toEqual([
    {
      type: 'warning',
      code: 'queue_in_progress',
      message: expect.stringMatching(/^deliveries in progress when this worker started: 1\. .* in \d\d s$/),
    },
  ])
  while (handled.length === 0) {
    await clock.advance(1_000)
    await setImmediate()
  }
  expect(handled).toEqual(['batch.succeeded'])
  await receiver.close()
})
