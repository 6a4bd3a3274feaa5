import { createMemoryLedger } from '@gwh/core/store'
import { expect, test } from 'vitest'
import { watch } from './outcomes.ts'
import { createWorld, MINUTE_MS } from './world.ts'

test('processes that sweep one after the other ask for each missed job once, however long its handlers run', async () => {
  const world = await createWorld()
  const ledger = createMemoryLedger()
  const before = world.start('/before', { ledger })
  const batches = await Promise.all(
    Array.from({ length: 40 }, () => before.jobs.track(world.createBatch('/before'))),
  )
  await before.jobs.close()
  world.state.receivers.clear()
  await world.advance(10 * MINUTE_MS)
  const handled: string[] = []
  const sweeps: ReturnType<typeof watch>[] = []
  for (const path of ['/one', '/two', '/three']) {
    const { jobs, receiver } = world.start(path, { ledger, handlerTimeoutMs: 50_000 })
    receiver.on('*', async ({ id }) => {
      handled.push(id!)
      await new Promise<void>((resolve) => world.clock.schedule(resolve, 40_000))
    })
    sweeps.push(watch(jobs.reconcile()))
    await world.advance(130_000, 10_000)
  }
  await world.advance(20 * MINUTE_MS, 10_000)
  expect(sweeps.map(({ value }) => value)).toEqual(sweeps.map(() => expect.objectContaining({ failed: [] })))
  expect(handled.sort()).toEqual(batches.map(({ name }) => name!).sort())
  expect(world.gets()).toHaveLength(batches.length)
})

test('a job that is awaited keeps its metadata when the ledger loses it', async () => {
  const world = await createWorld()
  const state = { ledger: createMemoryLedger() }
  const methods = Object.keys(state.ledger) as (keyof typeof state.ledger)[]
  const ledger = Object.fromEntries(
    methods.map((name) => [
      name,
      (...args: never[]) => (state.ledger[name] as (...given: never[]) => unknown)(...args),
    ]),
  ) as never
  const { jobs, receiver } = world.start('/hook', { ledger })
  const handled: unknown[] = []
  receiver.on('*', ({ userMetadata }) => void handled.push(userMetadata))
  const userMetadata = { job_group: 'nightly' }
  const batch = await jobs.track(world.createBatch('/hook'), { userMetadata })
  world.state.receivers.clear()
  const seen = watch(jobs.done(batch))
  await world.advance(2_000, 500)
  state.ledger = createMemoryLedger()
  await world.advance(10 * MINUTE_MS)
  expect(seen.value).toMatchObject({ kind: 'batch' })
  expect(handled).toEqual([userMetadata])
})
