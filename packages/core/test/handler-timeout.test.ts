import { describe, expect, test } from 'vitest'
import { createFakeClock, createWatched, settle, staticDelivery } from './support.ts'

const ACCEPTED = { status: 200, body: '{"status":"accepted"}' }
const DUPLICATE = { status: 200, body: '{"status":"duplicate"}' }

describe('a handler that takes too long', () => {
  test('is aborted and answered 500; if it succeeds later, the retry is a duplicate', async () => {
    const clock = createFakeClock()
    const { receiver, signals } = createWatched({ clock, now: clock.now })
    const { promise, resolve } = Promise.withResolvers<void>()
    let reason: unknown
    receiver.on('*', (_, { signal }) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason
      })
      return promise
    })
    const answer = receiver.receive(staticDelivery())
    await clock.advance(50_000)
    await expect(answer).resolves.toMatchObject({ status: 500, body: '{"error":"handler_timeout"}' })
    expect(reason).toMatchObject({ code: 'handler_timeout' })
    expect(signals).toMatchObject([{ type: 'failed', error: { code: 'handler_timeout' } }])
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject({ status: 409 })
    resolve()
    await settle()
    expect(signals.slice(1)).toMatchObject([
      { type: 'in_flight' },
      { type: 'handled', attempt: 1, eventType: 'batch.succeeded' },
    ])
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(DUPLICATE)
  })

  test('and succeeds after another attempt has claimed the delivery has lost its lease', async () => {
    const clock = createFakeClock()
    const { receiver, signals } = createWatched({ clock, now: clock.now })
    const { promise, resolve } = Promise.withResolvers<void>()
    receiver.on('*', (_, { attempt }) => (attempt === 1 ? promise : undefined))
    const first = receiver.receive(staticDelivery())
    await clock.advance(60_000)
    await expect(first).resolves.toMatchObject({ status: 500 })
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(ACCEPTED)
    resolve()
    await settle()
    expect(signals.map(({ type }) => type)).toEqual(['failed', 'handled', 'accepted', 'lease_lost'])
    expect(signals.at(-1)).toMatchObject({ attempt: 1 })
  })
})
