import { createMemoryLedger } from '@gwh/core/store'
import { describe, expect, test } from 'vitest'
import { reconcile } from '../src/index.ts'
import { watch } from './outcomes.ts'
import { createWorld, MINUTE_MS } from './world.ts'

test('services that share a ledger look up their own jobs only', async () => {
  const world = await createWorld()
  const ledger = createMemoryLedger()
  const handled: string[] = []
  const services = ['billing', 'search'].map((endpoint) => {
    const service = world.start(`/${endpoint}`, { ledger, endpoint })
    service.receiver.on('*', ({ id }) => void handled.push(`${endpoint} ${id}`))
    return { endpoint, ...service }
  })
  const expected: string[] = []
  for (const { endpoint, jobs } of services) {
    const { name } = await jobs.track(world.createBatch('/nobody'), { expectedMs: MINUTE_MS })
    expected.push(`${endpoint} ${name}`)
  }
  expect(await services[0]!.jobs.reconcile()).toMatchObject({ checked: 1 })
  await world.advance(10 * MINUTE_MS)
  expect(handled.sort()).toEqual(expected)
})

test('a batch and an interaction with the same id are different jobs', async () => {
  const world = await createWorld()
  const { jobs, receiver } = world.start('/hook')
  const batch = watch(jobs.done('batches/x'))
  const interaction = watch(jobs.done('x'))
  await world.settle()
  await receiver.emit({ type: 'interaction.cancelled', data: { id: 'x' } }, { id: 'one' })
  await world.settle()
  expect([batch.error, interaction.error]).toMatchObject([undefined, { job: 'x', reason: 'cancelled' }])
  await receiver.emit({ type: 'batch.expired', data: { id: 'x' } }, { id: 'other' })
  await world.settle()
  expect(batch.error).toMatchObject({ reason: 'expired' })
})

test.each([
  ['each with a store of its own', ['/one', '/other']],
  ['of one receiver', ['/one', '/one']],
])('two sweeps at once, %s, take an event to the handlers once', async (_, paths) => {
  const world = await createWorld()
  const ledger = createMemoryLedger()
  const { name } = await world.createBatch('/nobody')
  await world.advance(MINUTE_MS)
  const handled: string[] = []
  const { promise: release, resolve } = Promise.withResolvers<void>()
  const receivers = new Map(paths.map((path) => [path, world.createReceiver(path)]))
  for (const [path, receiver] of receivers) {
    receiver.on('*', async () => {
      handled.push(path)
      await release
    })
  }
  const { client, clock } = world
  const sweeps = paths.map((path) =>
    reconcile({ client, receiver: receivers.get(path)!, jobs: () => [name!], ledger, clock }),
  )
  await world.settle()
  expect(handled).toHaveLength(1)
  resolve()
  const found = await Promise.all(sweeps)
  expect(found.map(({ missed }) => missed.length).sort()).toEqual([0, 1])
  expect(found.flatMap(({ failed }) => failed)).toEqual([])
  expect(handled).toHaveLength(1)
})

test('an event whose handler died with its process is handled by another one when the lease has ended', async () => {
  const world = await createWorld()
  const ledger = createMemoryLedger()
  const dying = world.start('/dying', { ledger })
  dying.receiver.on('*', () => new Promise(() => {}))
  const { name } = await dying.jobs.track(world.createBatch('/nobody'), { expectedMs: MINUTE_MS })
  await world.advance(3 * MINUTE_MS)
  await dying.jobs.close()
  const other = world.start('/other', { ledger })
  const handled: string[] = []
  other.receiver.on('*', ({ id }) => void handled.push(id!))
  await world.advance(12 * MINUTE_MS)
  expect(handled).toEqual([])
  await world.advance(10 * MINUTE_MS)
  expect(handled).toEqual([name])
  // One for the look-up: its end is known from then on.
  expect(world.gets()).toHaveLength(1)
})

test('a job with a very long id is looked up like any other', async () => {
  const world = await createWorld()
  const { receiver } = world.start('/hook')
  const handled: string[] = []
  receiver.on('*', ({ id }) => void handled.push(id!))
  const name = `batches/${'x'.repeat(2_000)}`
  const client = { ...world.client, batches: { get: async () => ({ name, state: 'JOB_STATE_EXPIRED' }) } }
  const options = { client: client as never, receiver, jobs: () => [name], clock: world.clock }
  expect(await reconcile(options)).toMatchObject({ missed: [name], failed: [] })
  expect(handled).toEqual([name])
})

describe('several processes that share a ledger', () => {
  test('a job that one has tracked is awaited in another, wherever the webhook arrives', async () => {
    const world = await createWorld()
    const ledger = createMemoryLedger()
    const one = world.start('/one', { ledger })
    const other = world.start('/other', { ledger })
    const third = world.start('/third', { ledger })
    const batch = await one.jobs.track(world.createBatch('/third'))
    await one.jobs.close()
    const seen = watch(other.jobs.done(batch.name!))
    await world.advance(MINUTE_MS)
    expect(seen.value).toMatchObject({ kind: 'batch', job: batch.name })
    expect(third.signals).toEqual([])
  })

  test('look each overdue job up once', async () => {
    const world = await createWorld()
    const ledger = createMemoryLedger()
    const processes = ['/a', '/b', '/c'].map((path) => world.start(path, { ledger }))
    const handled: string[] = []
    for (const { receiver } of processes) receiver.on('*', (event) => void handled.push(event.id!))
    const names: string[] = []
    for (let index = 0; index < 12; index++) {
      const { jobs } = processes[index % 3]!
      names.push((await jobs.track(world.createBatch('/nobody'), { expectedMs: MINUTE_MS })).name!)
    }
    await world.advance(10 * MINUTE_MS)
    expect(handled.sort()).toEqual(names.sort())
    expect(world.gets()).toHaveLength(12)
  })
})

test('an endpoint has handlers of its own: what another has handled is no duplicate there', async () => {
  const world = await createWorld()
  const ledger = createMemoryLedger()
  const handled: string[] = []
  for (const endpoint of ['a', 'b']) {
    const { receiver } = world.start(`/${endpoint}`, { ledger, endpoint })
    receiver.on('*', () => void handled.push(endpoint))
    await receiver.emit({ type: 'batch.succeeded', data: { id: 'batches/x' } }, { id: 'one' })
    await receiver.emit({ type: 'batch.succeeded', data: { id: 'x' } }, { id: 'other' })
  }
  expect(handled).toEqual(['a', 'b'])
})
