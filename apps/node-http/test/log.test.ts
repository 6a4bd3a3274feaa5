import { createMemoryQueue, createReceiver, PermanentError } from '@gwh/core'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { signedDelivery } from '@gwh/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { log } from '../src/log.ts'

const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY='
const print = vi.spyOn(console, 'log').mockImplementation(() => {})
afterEach(() => print.mockClear())
const lines = () => print.mock.calls.map((words) => words.join(' '))

/** Has a real receiver handle one delivery with a handler that fails so. */
async function handle(error: Error) {
  const receiver = createReceiver({ static: { secrets: SECRET }, queue: createMemoryQueue(), observer: log })
  receiver.on('*', () => {
    throw error
  })
  await receiver.receive({ method: 'POST', ...(await signedDelivery({ secret: SECRET, id: 'msg_1' })) })
  await receiver.drain()
}

test('a retry is one line with the delivery, the attempt and the code, whatever the error says', async () => {
  await handle(new Error('first\nsecond\u001b[31m'))
  expect(lines()).toEqual([
    'accepted msg_1',
    'failed msg_1 (attempt 1) handler_failed Error: first second [31m',
  ])
})

test('a retry has the code of its error, where that has one', async () => {
  await handle(Object.assign(new Error('no room'), { code: 'ENOSPC' }))
  expect(lines()).toEqual(['accepted msg_1', 'failed msg_1 (attempt 1) ENOSPC Error: no room'])
})

test('a dead letter is one line with the delivery, the attempt and the reason', async () => {
  await handle(new PermanentError('customer is gone'))
  expect(lines()).toEqual([
    'accepted msg_1',
    'dead msg_1 (attempt 1) handler_rejected PermanentError: customer is gone',
  ])
})

test('a failure of the store is one line with its code', async () => {
  const { headers, body } = await signedDelivery({ secret: SECRET })
  const queue = createSqliteQueue({ path: ':memory:' })
  await queue.close()
  const receiver = createReceiver({ static: { secrets: SECRET }, queue, observer: log })
  expect((await receiver.receive({ method: 'POST', headers, body })).status).toBe(503)
  expect(lines()).toEqual([expect.stringMatching(/^fault store_unavailable WebhookUnavailableError: /)])
})
