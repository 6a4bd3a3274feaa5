import { createMemoryQueue, type HandlerContext, type WebhookEvent } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { createFakeClock, createWatched, EVENT, staticDelivery } from './support.ts'

const OF_BATCH = { type: 'batch.succeeded', data: { id: 'batches/one' } }

describe('an event of our own', () => {
  test('reaches the handlers as one that nobody signed', async () => {
    const { receiver } = createWatched()
    const seen: [WebhookEvent, HandlerContext][] = []
    receiver.on('batch.succeeded', (event, context) => seen.push([event, context]))
    const event = { ...OF_BATCH, userMetadata: { job_group: 'nightly' } }
    expect(await receiver.emit(event, { id: 'missed-1' })).toBe('accepted')
    expect(seen).toHaveLength(1)
    expect(seen[0]![0]).toMatchObject({ id: 'batches/one', userMetadata: { job_group: 'nightly' } })
    expect(seen[0]![1].delivery).toMatchObject({ id: 'missed-1', scheme: 'local' })
  })

  test('is handled once per id, and is no duplicate of a delivery with that id', async () => {
    const { receiver } = createWatched()
    let handled = 0
    receiver.on('*', () => void handled++)
    const delivery = staticDelivery({ body: EVENT })
    await receiver.receive(delivery)
    const id = delivery.headers['webhook-id']!
    expect(await receiver.emit(OF_BATCH, { id })).toBe('accepted')
    expect(await receiver.emit(OF_BATCH, { id })).toBe('duplicate')
    expect(handled).toBe(2)
  })

  test('goes through the queue, where a retry follows a failure', async () => {
    const clock = createFakeClock()
    const queue = createMemoryQueue({ clock, random: () => 0 })
    const { receiver } = createWatched({ queue, clock, now: clock.now })
    let attempts = 0
    receiver.on('batch.*', () => {
      if (++attempts === 1) throw new TypeError('not yet')
    })
    expect(await receiver.emit(OF_BATCH, { id: 'missed-1' })).toBe('accepted')
    expect(attempts).toBe(0)
    await receiver.drain()
    await clock.advance(10_000)
    await receiver.drain()
    expect(attempts).toBe(2)
  })

  test('rejects with the code of what went wrong, and can be emitted again', async () => {
    const { receiver } = createWatched()
    let attempts = 0
    receiver.on('*', () => {
      if (++attempts === 1) throw new TypeError('not yet')
    })
    await expect(receiver.emit(OF_BATCH, { id: 'x' })).rejects.toMatchObject({ code: 'handler_failed' })
    expect(await receiver.emit(OF_BATCH, { id: 'x' })).toBe('accepted')
  })

  test.each([
    [{ type: '', data: {} }, { id: 'x' }, 'payload_invalid'],
    [OF_BATCH, { id: '' }, 'option_invalid'],
    [OF_BATCH, { id: 'x', key: 'y' }, 'option_invalid'],
    [{ ...OF_BATCH, metadata: {} }, { id: 'x' }, 'option_invalid'],
  ])('%j with %j is refused with %s', async (event, options, code) => {
    const { receiver } = createWatched()
    await expect(receiver.emit(event, options)).rejects.toMatchObject({ code })
  })

  test('is refused by a closed receiver', async () => {
    const { receiver } = createWatched()
    await receiver.close()
    await expect(receiver.emit(OF_BATCH, { id: 'x' })).rejects.toMatchObject({ code: 'draining' })
  })
})

describe('middleware', () => {
  test('runs around the handlers, the first added outermost', async () => {
    const { receiver } = createWatched()
    const steps: string[] = []
    for (const name of ['outer', 'inner']) {
      receiver.use(async (_, __, next) => {
        steps.push(name)
        await next()
        steps.push(`after ${name}`)
      })
    }
    receiver.on('*', () => void steps.push('handler'))
    await receiver.emit(OF_BATCH, { id: 'x' })
    expect(steps).toEqual(['outer', 'inner', 'handler', 'after inner', 'after outer'])
  })

  test('that does not call next keeps the handlers from running, and the event counts as handled', async () => {
    const { receiver } = createWatched()
    receiver.use(async () => {})
    receiver.on('*', () => expect.unreachable())
    expect(await receiver.emit(OF_BATCH, { id: 'x' })).toBe('accepted')
  })

  test('runs until it is removed', async () => {
    const { receiver } = createWatched()
    let runs = 0
    const middleware = async (_: WebhookEvent, __: HandlerContext, next: () => Promise<void>) => {
      runs++
      await next()
    }
    const remove = receiver.use(middleware)
    receiver.use(middleware)
    await receiver.emit(OF_BATCH, { id: 'both' })
    remove()
    remove()
    await receiver.emit(OF_BATCH, { id: 'one' })
    expect(runs).toBe(3)
  })

  test('must be a function', () => {
    const { receiver } = createWatched()
    expect(() => receiver.use('x' as never)).toThrow(expect.objectContaining({ code: 'option_invalid' }))
  })
})

describe('waitFor', () => {
  test.each(['batches/one', 'one'])('resolves to the event of the job named %s', async (name) => {
    const { receiver } = createWatched()
    const waited = receiver.waitFor(name)
    await receiver.emit({ ...OF_BATCH, data: { id: 'batches/other' } }, { id: 'other' })
    await receiver.emit(OF_BATCH, { id: 'x' })
    await expect(waited).resolves.toMatchObject({ type: 'batch.succeeded', id: 'batches/one' })
  })

  test.each([false, true])(
    'tells a batch from an operation with its id, after the events: %s',
    async (after) => {
      const { receiver } = createWatched()
      const named = ['models/m/operations/one', 'operations/one', 'batches/one']
      const emit = async () => {
        await receiver.emit({ type: 'video.generated', data: { id: 'models/m/operations/one' } }, { id: 'x' })
        await receiver.emit(OF_BATCH, { id: 'y' })
      }
      if (after) await emit()
      const waited = Promise.all(named.map((name) => receiver.waitFor(name)))
      if (!after) await emit()
      expect((await waited).map(({ type }) => type)).toEqual([
        'video.generated',
        'video.generated',
        'batch.succeeded',
      ])
      await expect(receiver.waitFor('one')).resolves.toMatchObject({ type: 'batch.succeeded' })
    },
  )

  test.each([false, true])(
    'takes the kind of a bare id from the type of the event, after it: %s',
    async (after) => {
      const { receiver } = createWatched()
      const named = ['models/m/operations/one', 'interactions/one', 'batches/one']
      const emit = async () => {
        const types = ['batch.succeeded', 'video.generated', 'interaction.completed']
        for (const type of types) await receiver.emit({ type, data: { id: 'one' } }, { id: type })
      }
      if (after) await emit()
      const waited = Promise.all(named.map((name) => receiver.waitFor(name)))
      if (!after) await emit()
      expect((await waited).map(({ type }) => type)).toEqual([
        'video.generated',
        'interaction.completed',
        'batch.succeeded',
      ])
    },
  )

  test('knows an event that came before the call', async () => {
    const { receiver } = createWatched()
    await receiver.emit(OF_BATCH, { id: 'x' })
    await expect(receiver.waitFor('batches/one')).resolves.toMatchObject({ id: 'batches/one' })
  })

  test('gives up after its time, or when its signal is aborted', async () => {
    const clock = createFakeClock()
    const { receiver } = createWatched({ clock, now: clock.now })
    const late = expect(receiver.waitFor('batches/one', { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'wait_timeout',
    })
    await clock.advance(1000)
    await late
    const controller = new AbortController()
    const aborted = expect(receiver.waitFor('batches/one', { signal: controller.signal })).rejects.toBe(
      'no more',
    )
    controller.abort('no more')
    await aborted
    await expect(receiver.waitFor('x', { signal: controller.signal })).rejects.toBe('no more')
  })

  test.each([[''], [undefined as never]])('refuses the name %j', async (name) => {
    const { receiver } = createWatched()
    await expect(receiver.waitFor(name)).rejects.toMatchObject({ code: 'option_invalid' })
  })
})
