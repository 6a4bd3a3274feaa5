import { createMemoryLedger, type JobLedger } from '@gwh/core/store'
import { describe, expect, test } from 'vitest'
import { watch } from './outcomes.ts'
import { createWorld, HOUR_MS } from './world.ts'

const PATH = '/hook'
const never = () => new Promise<never>(() => {})

describe('while the ledger does not answer', () => {
  async function setUp(open: (world: Awaited<ReturnType<typeof createWorld>>) => Promise<never>) {
    const world = await createWorld()
    let calls = 0
    const ledger: JobLedger = {
      ...createMemoryLedger(),
      open() {
        calls++
        return open(world)
      },
    }
    return { world, calls: () => calls, ...world.start(PATH, { ledger }) }
  }

  test('done is aborted at once, and its time ends', async () => {
    const { world, jobs } = await setUp(never)
    await expect(
      jobs.done('batches/x', { signal: AbortSignal.abort(new RangeError('before')) }),
    ).rejects.toThrow('before')
    const controller = new AbortController()
    const aborted = watch(jobs.done('batches/x', { signal: controller.signal }))
    const late = watch(jobs.done('batches/x', { timeoutMs: 200 }))
    await world.settle()
    controller.abort(new RangeError('enough'))
    await world.settle()
    expect(aborted.error).toMatchObject({ message: 'enough' })
    expect(late).toEqual({})
    await world.advance(200, 100)
    expect(late.error).toMatchObject({ code: 'wait_timeout' })
  })

  test('done is aborted between two attempts', async () => {
    const { world, jobs, calls } = await setUp(() => Promise.reject(new RangeError('no ledger')))
    const controller = new AbortController()
    const aborted = watch(jobs.done('batches/x', { signal: controller.signal }))
    await world.settle()
    controller.abort(new RangeError('enough'))
    await world.settle()
    expect(aborted.error).toMatchObject({ message: 'enough' })
    await world.advance(5_000, 100)
    expect(calls()).toBe(1)
  })

  test('track and done reject when it has used up a time limit of two seconds', async () => {
    const { world, jobs, calls } = await setUp(async ({ clock }) => {
      await new Promise<void>((resolve) => clock.schedule(resolve, 2_000))
      throw new RangeError('no ledger')
    })
    const tracked = watch(jobs.track('batches/x'))
    const awaited = watch(jobs.done('batches/y'))
    await world.advance(2_000, 100)
    expect(tracked.error).toMatchObject({ code: 'job_untracked' })
    expect(awaited.error).toMatchObject({ message: 'no ledger' })
    expect(calls()).toBe(2)
  })
})

test('close() ends each done that waits, and refuses those to come', async () => {
  const world = await createWorld({ jobs: { batchMs: HOUR_MS } })
  const { jobs } = world.start(PATH)
  const batch = await jobs.track(world.createBatch(PATH))
  const seen = [watch(jobs.done(batch)), watch(jobs.done(batch, { timeoutMs: HOUR_MS }))]
  await world.settle()
  await jobs.close()
  await world.settle()
  for (const { error } of seen) expect(error).toMatchObject({ code: 'draining' })
  await expect(jobs.done(batch)).rejects.toMatchObject({ name: 'WebhookUnavailableError', code: 'draining' })
})
