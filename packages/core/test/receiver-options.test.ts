import { createMemoryQueue, createReceiver, type ReceiverOptions } from '@gwh/core'
import { describe, expect, test, vi } from 'vitest'
import { createWatched, OTHER_SECRET, SECRET, settle, staticDelivery } from './support.ts'

describe('createReceiver fails early on', () => {
  const secrets = SECRET
  test.each<[string, object]>([
    ['no scheme', {}],
    ['a misspelt option', { static: { secrets }, tolerance: 5 }],
    ['a misspelt option inside', { static: { secrets, fromat: 'raw' } }],
    ['a store and a queue', { static: { secrets }, store: {}, queue: {} }],
    ['an empty endpoint', { static: { secrets }, endpoint: '' }],
    ['a tolerance that is not a number', { static: { secrets }, toleranceSeconds: Number.NaN }],
    ['a body limit of 0', { static: { secrets }, maxBodyBytes: 0 }],
    ['a lease shorter than the handlers', { static: { secrets }, leaseMs: 50_000 }],
    ['a retention shorter than the retries', { static: { secrets }, retentionMs: 24 * 3_600_000 }],
    ['keys over plain http', { dynamic: { allowAnyJob: true, jwks: 'http://keys.example' } }],
    ['a key set without a key', { dynamic: { allowAnyJob: true, jwks: { keys: [] } } }],
    ['a clientAddress that is not a function', { static: { secrets }, clientAddress: 'x-forwarded-for' }],
    ['fewer bodies per address than one', { static: { secrets }, maxBodiesPerAddress: 0 }],
  ])('%s', (_, options) => {
    expect(() => createReceiver(options as ReceiverOptions)).toThrow(
      expect.objectContaining({ code: 'option_invalid' }),
    )
  })
})

describe('a limit of inline mode, given beside a queue, is refused with the place it belongs', () => {
  test.each([
    ['maxAttempts', 1, 'receiver.work('],
    ['leaseMs', 60_000, 'receiver.work('],
    ['handlerTimeoutMs', 5_000, 'serve(receiver, { work: {'],
    ['retentionMs', 90 * 3_600_000, 'the queue'],
  ])('%s', (name, value, place) => {
    const options = { static: { secrets: SECRET }, queue: createMemoryQueue(), [name]: value }
    expect(() => createReceiver(options)).toThrow(
      expect.objectContaining({ code: 'option_invalid', message: expect.stringContaining(place) }),
    )
  })
})

describe('an observer that fails changes nothing', () => {
  test.each<[string, () => unknown]>([
    [
      'by throwing',
      () => {
        throw new Error('logger')
      },
    ],
    ['by rejecting', () => Promise.reject(new Error('logger'))],
  ])('%s', async (_, observer) => {
    const unhandled = vi.fn()
    process.once('unhandledRejection', unhandled)
    const { receiver } = createWatched({ observer: observer as () => void })
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject({
      status: 200,
      body: '{"status":"accepted"}',
    })
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject({
      status: 200,
      body: '{"status":"duplicate"}',
    })
    await expect(receiver.receive(staticDelivery({}, OTHER_SECRET))).resolves.toMatchObject({ status: 401 })
    await settle()
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})
