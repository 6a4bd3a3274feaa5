import { createMemoryLedger, type JobLedger } from '@gwh/core/store'
import { describe, expect, test } from 'vitest'
import type { TrackOptions } from '../src/index.ts'
import { watch } from './outcomes.ts'
import { createWorld, MINUTE_MS } from './world.ts'

const PATH = '/hook'

async function createService() {
  const world = await createWorld()
  const memory = createMemoryLedger()
  const state = { isDown: false }
  const ledger: JobLedger = {
    ...memory,
    async open(job) {
      if (state.isDown) throw new RangeError('no ledger')
      return await memory.open(job)
    },
  }
  return { world, memory, state, ...world.start(PATH, { ledger }) }
}

describe('a job that cannot be tracked is not lost:', () => {
  test('track tries again while the ledger is not available', async () => {
    const { world, memory, state, jobs } = await createService()
    state.isDown = true
    const seen = watch(jobs.track('batches/x'))
    await world.advance(1_000, 100)
    expect(seen).toEqual({})
    state.isDown = false
    await world.advance(2_000, 100)
    expect(seen.value).toBe('batches/x')
    expect(await memory.find({ endpoint: 'default', id: 'batch/x' })).toMatchObject({ name: 'batches/x' })
  })

  test('the error of track has it when the ledger stays away', async () => {
    const { world, state, jobs } = await createService()
    state.isDown = true
    const batch = await world.createBatch(PATH)
    const seen = watch(jobs.track(Promise.resolve(batch)))
    await world.advance(MINUTE_MS)
    expect(seen.error).toMatchObject({
      name: 'JobUntrackedError',
      code: 'job_untracked',
      job: batch,
      message: expect.stringContaining(batch.name!),
      cause: { message: 'no ledger' },
    })
  })

  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  const deep = JSON.parse(`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`)
  test.each<[string, TrackOptions]>([
    ['metadata with a BigInt', { userMetadata: { size: 1n } }],
    ['metadata that refers to itself', { userMetadata: cyclic }],
    ['metadata with too many levels', { userMetadata: deep }],
    ['metadata with a forbidden name', { userMetadata: JSON.parse('{"form":{"__proto__":"x"}}') }],
    ['metadata that is too large', { userMetadata: { text: 'x'.repeat(9_000) } }],
    ['metadata that is a text', { userMetadata: 'text' } as object],
    ['an expected time that is none', { expectedMs: Number.NaN }],
    ['an unknown option', { expected: 1 } as object],
  ])('the error of track has it after %s', async (_, options) => {
    const { jobs } = await createService()
    const job = { name: 'batches/x' }
    await expect(jobs.track(Promise.resolve(job), options)).rejects.toMatchObject({
      code: 'job_untracked',
      job,
      cause: { code: 'option_invalid' },
    })
  })
})

test('done, too, tries again while the ledger is not available', async () => {
  const { world, state, jobs } = await createService()
  state.isDown = true
  const seen = watch(jobs.done('batches/x'))
  await world.advance(1_000, 100)
  state.isDown = false
  await world.advance(3 * MINUTE_MS)
  expect(seen.error).toMatchObject({ code: 'result_not_found' })
  state.isDown = true
  const late = watch(jobs.done('batches/y'))
  await world.advance(MINUTE_MS)
  expect(late.error).toMatchObject({ message: 'no ledger' })
})
