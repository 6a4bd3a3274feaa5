import { inspect } from 'node:util'
import { createMemoryQueue, type ReceiverSignal } from '@gwh/core'
import { systemClock } from '@gwh/core/queue'
import { describe, expect, test } from 'vitest'
import {
  addSecret,
  ensureWebhook,
  liveSecrets,
  pingWebhook,
  rotateSecret,
  SecretUnsavedError,
  type StoredSecret,
  type WebhookClient,
} from '../src/index.ts'
import { SDKS, startEmulator, startReceiver } from './support.ts'

const HOUR_MS = 3_600_000
const uri = 'https://app.example/webhooks/gemini'
const events = ['batch.succeeded', 'batch.failed']

async function listed(client: WebhookClient) {
  return (await client.webhooks.list({})).webhooks ?? []
}

describe.each(SDKS)('with @google/genai $sdk', ({ connect }) => {
  test('a webhook is created once, and its secret is shown once', async () => {
    const { url } = await startEmulator()
    const client = connect(url)
    const made = await ensureWebhook({ client, name: 'jobs', uri, events })
    expect(made).toMatchObject({ outcome: 'created', changed: [], secret: expect.stringMatching(/^whsec_/) })
    const again = await ensureWebhook({ client, name: 'jobs', uri, events: [...events].reverse() })
    expect(again).toEqual({ id: made.id, outcome: 'unchanged', changed: [], duplicates: [] })
    expect(await listed(client)).toHaveLength(1)
  })

  test('only what differs is changed', async () => {
    const { url } = await startEmulator()
    const client = connect(url)
    const { id } = await ensureWebhook({ client, name: 'jobs', uri, events })
    await client.webhooks.update(id, { state: 'disabled' as 'enabled' })
    const change = { uri: 'https://app.example/other', events: [...events, 'video.generated'] }
    const changed = await ensureWebhook({ client, name: 'jobs', ...change })
    expect(changed).toMatchObject({ id, outcome: 'updated', changed: ['uri', 'subscribed_events', 'state'] })
    expect(await listed(client)).toMatchObject([
      { id, uri: change.uri, subscribed_events: change.events, state: 'enabled' },
    ])
    const narrowed = await ensureWebhook({ client, name: 'jobs', ...change, events })
    expect(narrowed.changed).toEqual(['subscribed_events'])
  })

  test('a webhook on a later page is found', async () => {
    const { url } = await startEmulator()
    const client = connect(url)
    for (const name of ['a', 'b', 'c', 'jobs'])
      await client.webhooks.create({ name, uri, subscribed_events: events })
    const paging = { ...client, webhooks: pagesOf(client, 2) }
    expect(await ensureWebhook({ client: paging, name: 'jobs', uri, events })).toMatchObject({
      outcome: 'unchanged',
    })
    expect(await listed(client)).toHaveLength(4)
  })

  test('a ping has arrived when the call resolves', async () => {
    const emulated = await startEmulator()
    const client = connect(emulated.url)
    let secret = ''
    const { receiver, url } = await startReceiver(emulated, { static: { secrets: () => secret } })
    const made = await ensureWebhook({ client, name: 'jobs', uri: url, events })
    secret = made.secret!
    emulated.emulator.clock.resume()
    const ping = { client, receiver, webhook: `webhooks/${made.id}` }
    expect(await pingWebhook(ping)).toMatchObject({ type: 'ping', data: { id: made.id } })
  })
})

/** Lists pages of a few webhooks, whatever was asked for. */
function pagesOf({ webhooks }: WebhookClient, size: number): WebhookClient['webhooks'] {
  return {
    create: (...args) => webhooks.create(...args),
    list: (parameters) => webhooks.list({ ...parameters, page_size: size }),
    update: (...args) => webhooks.update(...args),
    delete: (id) => webhooks.delete(id),
    rotateSigningSecret: (...args) => webhooks.rotateSigningSecret(...args),
    ping: (id) => webhooks.ping(id),
  }
}

test('a creation whose response is lost leaves one webhook, with a working secret', async () => {
  const emulated = await startEmulator()
  const { client } = emulated
  const webhooks = pagesOf(client, 50)
  const lossy: WebhookClient = {
    webhooks: {
      ...webhooks,
      async create(...args) {
        await webhooks.create(...args)
        throw Object.assign(new Error('the connection broke'), { status: 500 })
      },
    },
  }
  let secret = ''
  const { receiver, url } = await startReceiver(emulated, { static: { secrets: () => secret } })
  const made = await ensureWebhook({ client: lossy, name: 'jobs', uri: url, events })
  expect(made).toMatchObject({ outcome: 'created' })
  expect(await listed(client)).toHaveLength(1)
  secret = made.secret!
  emulated.emulator.clock.resume()
  await expect(pingWebhook({ client, receiver, webhook: made.id })).resolves.toMatchObject({ type: 'ping' })
})

test('after the API refuses a creation, no search for the webhook follows', async () => {
  const { client } = await startEmulator()
  const refused = ensureWebhook({ client, name: 'jobs', uri, events: ['batch.finished'] })
  await expect(refused).rejects.toMatchObject({ status: 400 })
})

test('two processes that create the webhook at the same moment leave one, and one of them has its secret', async () => {
  const { client } = await startEmulator()
  const webhooks = pagesOf(client, 50)
  let arrived = 0
  const { promise: both, resolve } = Promise.withResolvers<void>()
  const racing: WebhookClient = {
    webhooks: {
      ...webhooks,
      async create(...args) {
        const made = await webhooks.create(...args)
        if (++arrived === 2) resolve()
        await both
        return made
      },
    },
  }
  const options = { client: racing, name: 'jobs', uri, events }
  const made = await Promise.all([ensureWebhook(options), ensureWebhook(options)])
  const left = await listed(client)
  expect(left).toHaveLength(1)
  expect(made.map(({ id }) => id)).toEqual([left[0]!.id, left[0]!.id])
  expect(made.filter(({ secret }) => secret !== undefined)).toHaveLength(1)
})

test('webhooks of the same name that existed before are reported and left alone', async () => {
  const { client } = await startEmulator()
  for (const path of ['other', 'gemini']) {
    await client.webhooks.create({
      name: 'jobs',
      uri: `https://app.example/${path}`,
      subscribed_events: events,
    })
  }
  const [other, right] = await listed(client)
  const found = await ensureWebhook({ client, name: 'jobs', uri: 'https://app.example/gemini', events })
  expect(found).toMatchObject({ id: right!.id, outcome: 'unchanged', duplicates: [other!.id] })
})

test.each([
  [{ name: '' }, /name/],
  [{ uri: 'http://app.example' }, /https/],
  [{ events: [] }, /event type/],
  [{ url: uri }, /no option/],
])('options %j are refused', async (change, message) => {
  const { client } = await startEmulator()
  await expect(ensureWebhook({ client, name: 'jobs', uri, events, ...change })).rejects.toThrow(message)
})

test('a ping that never arrives is an error with a code', async () => {
  const emulated = await startEmulator()
  const { receiver } = await startReceiver(emulated)
  const { id } = await ensureWebhook({
    client: emulated.client,
    name: 'jobs',
    uri: 'http://127.0.0.1:9/x',
    events,
  })
  const fast = { ...systemClock, schedule: (task: () => void) => systemClock.schedule(task, 1) }
  const refused = pingWebhook({ client: emulated.client, receiver, webhook: id, clock: fast })
  await expect(refused).rejects.toMatchObject({ code: 'wait_timeout' })
})

describe('rotateSecret', () => {
  /** Google's two possible ways to sign while two secrets are valid. */
  const HYPOTHESES: { signs: string; keep: (signatures: string) => string }[] = [
    { signs: 'with both secrets', keep: (signatures) => signatures },
    { signs: 'with the new secret only', keep: (signatures) => signatures.split(' ')[0]! },
  ]

  async function setUp(keep: (signatures: string) => string = (signatures) => signatures) {
    const send: typeof fetch = async (input, init) => {
      const headers = new Headers(init?.headers)
      headers.set('webhook-signature', keep(headers.get('webhook-signature')!))
      return await fetch(input, { ...init, headers })
    }
    const emulated = await startEmulator({ fetch: send })
    const { client, emulator } = emulated
    let stored: StoredSecret[] = []
    const signals: ReceiverSignal[] = []
    const now = () => emulator.clock.now()
    const { receiver, url } = await startReceiver(emulated, {
      static: { secrets: () => liveSecrets(stored, now()) },
      clock: { now, schedule: systemClock.schedule },
      queue: createMemoryQueue(),
      observer: (signal) => signals.push(signal),
    })
    const { id, secret } = await ensureWebhook({ client, name: 'jobs', uri: url, events })
    stored = [{ secret: secret! }]
    const save = (next: string, { previousUntil }: { previousUntil: number }) => {
      stored = addSecret(stored, next, previousUntil)
    }
    let sent = 0
    const trigger = async () => {
      sent++
      await emulator.trigger({ type: 'batch.succeeded', data: { id: `batches/b${sent}` } })
      await emulator.clock.advance(0)
    }
    return {
      emulator,
      client,
      receiver,
      id,
      save,
      signals,
      now,
      trigger,
      sent: () => sent,
      stored: () => stored,
    }
  }

  test.each(HYPOTHESES)('loses no delivery if Google meanwhile signs $signs', async ({ keep }) => {
    const { emulator, client, receiver, id, save, signals, now, trigger, sent, stored } = await setUp(keep)
    const handled: string[] = []
    receiver.on('batch.succeeded', (event) => void handled.push(event.id))
    await trigger()
    await rotateSecret({
      client,
      webhook: { id },
      now,
      save: async (secret, times) => {
        // Signed with a secret that nobody has stored yet.
        await trigger()
        save(secret, times)
      },
    })
    await trigger()
    await emulator.clock.advance(12 * HOUR_MS)
    await trigger()
    await emulator.clock.advance(13 * HOUR_MS)
    await trigger()
    await emulator.clock.advance(HOUR_MS)
    await receiver.drain()
    expect(handled.sort()).toEqual(Array.from({ length: sent() }, (_, index) => `batches/b${index + 1}`))
    expect(emulator.deliveries().map(({ state }) => state)).toEqual(Array(sent()).fill('acked'))
    expect(liveSecrets(stored(), now())).toHaveLength(1)
    const newest = liveSecrets(stored(), now())[0]!.slice(-4)
    expect(signals.findLast(({ type }) => type === 'accepted')).toMatchObject({
      delivery: { keyId: `whsec_...${newest}` },
    })
  })

  test('saves the secret first, and saves the same secret again after a failure', async () => {
    const { client, id, save, now } = await setUp()
    const offered: string[] = []
    const rotation = rotateSecret({
      client,
      webhook: id,
      now,
      save: (secret, times) => {
        offered.push(secret)
        if (offered.length < 3) throw new TypeError('the vault is sealed')
        save(secret, times)
      },
    })
    const error: unknown = await rotation.catch((reason) => reason)
    if (!(error instanceof SecretUnsavedError)) throw new TypeError('no SecretUnsavedError')
    expect(error).toMatchObject({ code: 'secret_unsaved', cause: { message: 'the vault is sealed' } })
    expect(inspect(error, { depth: 5 })).not.toContain(offered[0])
    await expect(error.resume()).rejects.toBeInstanceOf(SecretUnsavedError)
    expect(await error.resume()).toEqual({ previousUntil: now() + 24 * HOUR_MS })
    expect(new Set(offered).size).toBe(1)
  })

  test('can revoke the previous secrets at once', async () => {
    const { client, id, save, now, stored } = await setUp()
    await rotateSecret({ client, webhook: id, save, now, revokeNow: true })
    expect(liveSecrets(stored(), now())).toHaveLength(1)
    const [webhook] = await listed(client)
    expect(webhook).toMatchObject({ signing_secrets: [{ truncated_secret: expect.any(String) }] })
  })
})

test('stored secrets expire when the next rotation says, and never later than recorded before', () => {
  const first = addSecret([], 'one', 10)
  const second = addSecret(first, 'two', 20)
  const third = addSecret(second, 'three', 30)
  expect(third).toEqual([
    { secret: 'three' },
    { secret: 'two', validUntil: 30 },
    { secret: 'one', validUntil: 20 },
  ])
  expect(addSecret(third, 'three', 40)[0]).toEqual({ secret: 'three' })
  expect(liveSecrets(third, 20)).toEqual(['three', 'two'])
  expect(liveSecrets(third, 19)).toEqual(['three', 'two', 'one'])
})
