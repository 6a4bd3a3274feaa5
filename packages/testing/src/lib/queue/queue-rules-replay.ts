import { PermanentError } from '@gwh/core/errors'
import { assertEqual } from '../shared/assert.ts'
import type { DefineRule, QueueHarness } from './queue-harness.ts'

/** How handled deliveries whose bodies are kept for an hour are handled again. */
export function defineReplayRules(define: DefineRule): void {
  define('a handled delivery is handled again, marked as a replay', async (harness) => {
    const message = await harness.enqueue()
    assertEqual(await handleAll(harness), [[message.id, 1, false]], 'first time')
    assertEqual(await harness.queue.replay(message.id), 1, 'replayed by webhook-id')
    assertEqual(await handleAll(harness), [[message.id, 1, true]], 'second time')
    assertEqual(await harness.queue.replay(message.key), 1, 'replayed by key')
    assertEqual(await handleAll(harness), [[message.id, 1, true]], 'third time')
    const record = await harness.queue.get(message.key)
    assertEqual(
      [record?.message, record?.replay],
      [message, undefined],
      'delivery, and its mark when it is done',
    )
  })

  define('pending, dead and unknown deliveries are not replayed', async (harness) => {
    const { queue, enqueue } = harness
    const dead = await enqueue()
    await queue.drain(() => Promise.reject(new PermanentError('never')))
    const waiting = await enqueue()
    for (const name of [dead.key, waiting.id, 'unknown']) {
      assertEqual(await queue.replay(name), 0, `replay of ${name}`)
    }
  })

  defineFilters(define)
  defineRetention(define)
}

function defineFilters(define: DefineRule): void {
  define('a filter replays what it matches and nothing else', async (harness) => {
    const { queue, enqueue, clock } = harness
    const start = clock.now()
    for (const endpoint of ['one', 'two']) {
      await enqueue({ endpoint, id: `${endpoint}-early` })
      await enqueue({ endpoint, id: `${endpoint}-late`, receivedAt: start + 1_000 })
    }
    await handleAll(harness)
    const replayed = async (filter: Parameters<typeof queue.replay>[0]) => {
      await queue.replay(filter)
      return (await handleAll(harness)).map(([id]) => id).sort()
    }
    assertEqual(await replayed({ endpoint: 'one' }), ['one-early', 'one-late'], 'by endpoint')
    assertEqual(await replayed({ receivedFrom: start + 1 }), ['one-late', 'two-late'], 'by time')
    assertEqual(await replayed({ endpoint: 'two', receivedUntil: start + 1 }), ['two-early'], 'by both')
    assertEqual(await replayed({ type: 'video.generated' }), [], 'by another type')
    assertEqual((await replayed({ type: 'batch.succeeded' })).length, 4, 'by type')
    assertEqual((await replayed({})).length, 4, 'all')
  })
}

function defineRetention(define: DefineRule): void {
  define('a body is kept for its retention time and cannot be replayed afterwards', async (harness) => {
    const { queue, enqueue, clock } = harness
    const { key } = await enqueue()
    await handleAll(harness)
    await clock.advance(1_800_000)
    await handleAll(harness)
    await clock.advance(1_800_000 - 1)
    assertEqual(await queue.replay(key), 1, 'replayed in time')
    await handleAll(harness)
    // Bodies are erased along the way: by the next delivery, or the next poll of the queue.
    for (let round = 0; round < 3; round++) {
      await clock.advance(3_600_001)
      await enqueue()
      await queue.drain(() => Promise.reject(new PermanentError('never')))
    }
    assertEqual(await queue.replay(key), 0, 'replayed too late')
    assertEqual((await queue.get(key))?.message.body.length, 0, 'bytes of the body')
  })

  define('a replay that fails becomes a dead letter like any other', async ({ queue, enqueue }) => {
    const { key } = await enqueue()
    await queue.drain(async () => {})
    assertEqual(await queue.replay(key), 1, 'replayed')
    await queue.drain(() => Promise.reject(new PermanentError('not again')))
    const [letter] = await queue.deadLetters.list()
    assertEqual([letter?.message.key, letter?.replay], [key, true], 'dead letter')
  })
}

async function handleAll({ queue }: QueueHarness): Promise<[id: string, attempt: number, replay: boolean][]> {
  const handled: [string, number, boolean][] = []
  await queue.drain(async ({ id }, { attempt, replay = false }) => void handled.push([id, attempt, replay]))
  return handled
}
