import { inspect } from 'node:util'
import { createMemoryQueue, PermanentError, type ReceiverOptions, type WebhookEvent } from '@gwh/core'
import { createJobToken, JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { describe, expect, test } from 'vitest'
import { createWatched, dynamicDelivery, EVENT, JOB_KEY, JWKS, NOW, staticDelivery } from './support.ts'

const TOKEN = await createJobToken({ jobKey: JOB_KEY, now: () => NOW })
const metadata = { [JOB_TOKEN_FIELD]: TOKEN, customer: 'c1' }

/** The places Google might put the metadata. */
const PLACES: Record<string, object> = {
  'user_metadata of the envelope': { ...EVENT, user_metadata: metadata },
  'userMetadata of the envelope': { ...EVENT, userMetadata: metadata },
  'user_metadata of the data': { ...EVENT, data: { ...EVENT.data, user_metadata: metadata } },
  'userMetadata of the data': { ...EVENT, data: { ...EVENT.data, userMetadata: metadata } },
  'a member of the metadata': { ...EVENT, user_metadata: { ...metadata, copy: { deep: [metadata] } } },
  'another member of the data': {
    ...EVENT,
    user_metadata: metadata,
    data: { ...EVENT.data, webhook_config: { user_metadata: metadata } },
  },
  'the data itself': { ...EVENT, user_metadata: metadata, data: { ...EVENT.data, ...metadata } },
  'another member of the envelope': { ...EVENT, user_metadata: metadata, webhookConfig: { metadata } },
  'all of them': {
    ...EVENT,
    user_metadata: metadata,
    userMetadata: metadata,
    data: { ...EVENT.data, user_metadata: metadata, userMetadata: metadata },
  },
}

/** Receives a dynamic delivery; resolves to the event its handler got. */
async function handledEvent(body: object, options: Partial<ReceiverOptions> = {}) {
  const { receiver } = createWatched({ dynamic: { jobKey: JOB_KEY, jwks: JWKS }, ...options })
  const events: WebhookEvent[] = []
  receiver.on('*', (event) => void events.push(event))
  const answer = await receiver.receive(dynamicDelivery({ body }))
  if (options.queue) await receiver.drain()
  expect([answer.status, events.length]).toEqual([200, 1])
  return events[0]!
}

describe('the job token authorises a delivery and does not reach its handlers', () => {
  test.each(Object.entries(PLACES))('in %s', async (_, body) => {
    const event = await handledEvent(body)
    expect(inspect(event, { depth: null })).not.toContain(TOKEN)
    expect(event.userMetadata).toMatchObject({ customer: 'c1' })
  })

  test('nor from a queue, which keeps the body as it was signed', async () => {
    const queue = createMemoryQueue()
    const bodies: string[] = []
    const watching = {
      ...queue,
      enqueue(message: Parameters<typeof queue.enqueue>[0]) {
        bodies.push(new TextDecoder().decode(message.body))
        return queue.enqueue(message)
      },
    }
    const body = { ...EVENT, user_metadata: metadata }
    expect(inspect(await handledEvent(body, { queue: watching }), { depth: null })).not.toContain(TOKEN)
    expect(bodies).toEqual([JSON.stringify(body)])
  })

  test('nor from the records of a queue, dead letters included', async () => {
    const queue = createMemoryQueue()
    const { receiver } = createWatched({ dynamic: { jobKey: JOB_KEY, jwks: JWKS }, queue })
    receiver.on('*', () => {
      throw new PermanentError('no')
    })
    await receiver.receive(dynamicDelivery({ body: { ...EVENT, user_metadata: metadata } }))
    const waiting = await queue.list()
    await receiver.drain()
    const dead = await queue.deadLetters.list()
    expect([...waiting, ...dead].map(({ event }) => event?.userMetadata)).toEqual([
      { customer: 'c1' },
      { customer: 'c1' },
    ])
    expect(
      inspect(
        [waiting, dead].flat().map(({ event }) => event),
        { depth: null },
      ),
    ).not.toContain(TOKEN)
  })

  test('but authorize sees it', async () => {
    const seen: unknown[] = []
    const authorize = (event: WebhookEvent) => seen.push(event.userMetadata[JOB_TOKEN_FIELD]) > 0
    await handledEvent({ ...EVENT, user_metadata: metadata }, { dynamic: { authorize, jwks: JWKS } })
    expect(seen).toEqual([TOKEN])
  })

  test('nor does one in a static delivery', async () => {
    const { receiver } = createWatched()
    const events: unknown[] = []
    receiver.on('*', (event) => void events.push(event))
    await receiver.receive(staticDelivery({ body: { ...EVENT, user_metadata: metadata } }))
    expect(events).toMatchObject([{ userMetadata: { customer: 'c1' } }])
    expect(inspect(events, { depth: null })).not.toContain(TOKEN)
  })
})

test.each([null, 5, 'text', [], [{ token: 1 }]])(
  'metadata that is %j is left as it is',
  async (user_metadata) => {
    const event = await handledEvent(
      { ...EVENT, user_metadata },
      { dynamic: { allowAnyJob: true, jwks: JWKS } },
    )
    expect(event.raw.user_metadata).toEqual(user_metadata)
  },
)
