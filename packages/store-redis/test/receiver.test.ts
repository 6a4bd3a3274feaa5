import { createReceiver, type Receiver } from '@gwh/core'
import { signedDelivery } from '@gwh/testing'
import type { RedisServer } from '@gwh/testing/redis'
import { describe, expect, test } from 'vitest'
import { createRedisStore } from '../src/index.ts'
import { connected, LIBRARIES } from './clients.ts'
import { answersWithin, eventually, ownServer } from './support.ts'

const SECRET = `whsec_${Buffer.from('an example secret of 32 bytes ok').toString('base64')}`
const ACCEPTED = { status: 200, body: { status: 'accepted' } }
const DUPLICATE = { status: 200, body: { status: 'duplicate' } }
const UNAVAILABLE = { status: 503, body: { error: 'store_unavailable' } }
const DEADLINE_MS = 1_000

describe.each(LIBRARIES)('a receiver with a store on $name', (library) => {
  /** A receiver as on one of several machines that share a server. */
  function machine(server: RedisServer, handled: string[], handle: () => void | Promise<void> = () => {}) {
    const store = createRedisStore({ client: connected(library, server.url) })
    return createReceiver({ static: { secrets: SECRET }, store }).on('*', async (_, { delivery }) => {
      handled.push(delivery.id)
      await handle()
    })
  }

  test('handles a delivery once, whichever machine its retries reach', async () => {
    const server = await ownServer()
    const handled: string[] = []
    const machines = [machine(server, handled), machine(server, handled)] as const
    expect(await post(machines[0], 'msg_1')).toEqual(ACCEPTED)
    expect(await post(machines[1], 'msg_1')).toEqual(DUPLICATE)
    expect(await post(machines[0], 'msg_1')).toEqual(DUPLICATE)
    expect(handled).toEqual(['msg_1'])
  })

  test('tells another machine that the delivery is in flight, and handles it there when the first fails', async () => {
    const server = await ownServer()
    const handled: string[] = []
    const { promise: failure, reject } = Promise.withResolvers<void>()
    const failing = machine(server, handled, () => failure)
    const other = machine(server, handled)
    const first = post(failing, 'msg_1')
    await eventually(() => handled.length).toBe(1)
    expect(await post(other, 'msg_1')).toEqual({ status: 409, body: { error: 'in_flight' } })
    reject(new TypeError('the handler failed'))
    expect(await first).toEqual({ status: 500, body: { error: 'handler_failed' } })
    expect(await post(other, 'msg_1')).toEqual(ACCEPTED)
    expect(handled).toEqual(['msg_1', 'msg_1'])
  })

  test('answers 503 within a second while Redis stands still, and handles what was refused afterwards', async () => {
    const server = await ownServer()
    const handled: string[] = []
    const receiver = machine(server, handled)
    expect(await post(receiver, 'before')).toEqual(ACCEPTED)
    await server.signal('SIGSTOP')
    const ids = Array.from({ length: 20 }, (_, index) => `during-${index}`)
    const answers = await Promise.all(ids.map((id) => answersWithin(DEADLINE_MS, post(receiver, id))))
    expect(answers).toEqual(ids.map(() => UNAVAILABLE))
    expect(handled).toEqual(['before'])
    await server.signal('SIGCONT')
    for (const id of ids) await eventually(() => post(receiver, id)).toEqual(ACCEPTED)
    expect(await post(receiver, 'before')).toEqual(DUPLICATE)
    expect(handled).toEqual(['before', ...ids])
  })

  test('answers 503 when Redis stops under a handler, and knows afterwards that the delivery was handled', async () => {
    const server = await ownServer()
    const handled: string[] = []
    const receiver = machine(server, handled, () => server.signal('SIGSTOP'))
    expect(await answersWithin(DEADLINE_MS, post(receiver, 'msg_1'))).toEqual(UNAVAILABLE)
    await server.signal('SIGCONT')
    await eventually(() => post(receiver, 'msg_1')).toEqual(DUPLICATE)
    expect(handled).toEqual(['msg_1'])
  })

  test('answers 503 within a second while Redis is gone, and goes on with what it knew when it is back', async () => {
    const server = await ownServer('--appendonly', 'yes', '--appendfsync', 'always')
    const handled: string[] = []
    const receiver = machine(server, handled)
    expect(await post(receiver, 'before')).toEqual(ACCEPTED)
    await server.signal('SIGKILL')
    for (const id of ['before', 'during']) {
      expect(await answersWithin(DEADLINE_MS, post(receiver, id))).toEqual(UNAVAILABLE)
    }
    await server.start()
    await eventually(() => post(receiver, 'before')).toEqual(DUPLICATE)
    expect(await post(receiver, 'during')).toEqual(ACCEPTED)
    expect(handled).toEqual(['before', 'during'])
  })
})

async function post(receiver: Receiver, id: string) {
  const { headers, body } = await signedDelivery({ id, secret: SECRET })
  const request = new Request('http://localhost/', { method: 'POST', headers, body: new Uint8Array(body) })
  const response = await receiver.fetch(request)
  return { status: response.status, body: await response.json() }
}
