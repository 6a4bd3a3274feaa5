import { systemClock } from '@gwh/core/queue'
import { describe, expect, test } from 'vitest'
import { ensureWebhook, pingWebhook, type WebhookClient, type WebhookLike } from '../src/index.ts'
import { SDKS, startEmulator, startReceiver } from './support.ts'

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

/** A client on which every listing after the first fails, as while the API is overloaded. */
function listingOnce(client: WebhookClient): WebhookClient {
  const webhooks = pagesOf(client, 50)
  let listings = 0
  return {
    webhooks: {
      ...webhooks,
      async list(parameters) {
        if (listings++ > 0) throw Object.assign(new Error('overloaded'), { status: 503 })
        return await webhooks.list(parameters)
      },
    },
  }
}

test('the secret is returned even if the search for duplicates after the creation fails', async () => {
  const { client } = await startEmulator()
  const made = await ensureWebhook({ client: listingOnce(client), name: 'jobs', uri, events })
  expect(made).toMatchObject({ outcome: 'created', secret: expect.stringMatching(/^whsec_/) })
  expect(made).toMatchObject({ duplicates: [], duplicatesUnknown: true })
  expect(await listed(client)).toMatchObject([{ id: made.id }])
})

test('after a lost response, the secret of a process that created the webhook meanwhile stays valid for 24 hours', async () => {
  const { client } = await startEmulator()
  const webhooks = pagesOf(client, 50)
  let other: WebhookLike | undefined
  const overtaken: WebhookClient = {
    webhooks: {
      ...webhooks,
      async create(...args) {
        other = await webhooks.create(...args)
        throw Object.assign(new Error('bad gateway'), { status: 502 })
      },
    },
  }
  const made = await ensureWebhook({ client: overtaken, name: 'jobs', uri, events })
  expect(made).toMatchObject({ id: other!.id, outcome: 'created', secret: expect.any(String) })
  const [left] = await listed(client)
  expect(left).toMatchObject({
    signing_secrets: [{}, { expire_time: expect.any(String) }],
  })
})

/** A client that lists webhooks in another order. */
function listingInOrder(
  client: WebhookClient,
  sort: (webhooks: WebhookLike[]) => WebhookLike[],
): WebhookClient {
  const webhooks = pagesOf(client, 50)
  const list: WebhookClient['webhooks']['list'] = async (parameters) => ({
    webhooks: sort([...((await webhooks.list(parameters)).webhooks ?? [])]),
  })
  return { webhooks: { ...webhooks, list } }
}

test('every process chooses the same webhook of a name, whatever the order in which the API lists them', async () => {
  const { client } = await startEmulator()
  const paths = ['other', 'gemini', 'gemini', 'other', 'gemini']
  for (const path of paths) {
    const other = `https://app.example/${path}`
    await client.webhooks.create({ name: 'jobs', uri: other, subscribed_events: events })
  }
  const options = { name: 'jobs', uri: 'https://app.example/gemini', events }
  const all = await listed(client)
  const right = all.filter((webhook) => webhook.uri === options.uri).map(({ id }) => id!)
  for (const sort of [(list: WebhookLike[]) => list, (list: WebhookLike[]) => list.reverse()]) {
    const found = await ensureWebhook({ client: listingInOrder(client, sort), ...options })
    expect(found).toMatchObject({ id: right.sort()[0], outcome: 'unchanged' })
    expect(found.duplicates).toHaveLength(4)
  }
})

test('of two webhooks made at the same moment the one with the right URI stays, with the events asked for', async () => {
  const { client } = await startEmulator()
  const webhooks = pagesOf(client, 50)
  const overtaken: WebhookClient = {
    webhooks: {
      ...webhooks,
      async create(webhook, options) {
        // Ids are random, so several others make it all but certain that one of them is first.
        for (let n = 0; n < 20; n++) {
          const made = await webhooks.create({ ...webhook, subscribed_events: [events[0]!] }, options)
          if (n % 2 === 0) await client.webhooks.update(made.id!, { uri: 'https://app.example/elsewhere' })
        }
        return await webhooks.create(webhook, options)
      },
    },
  }
  const found = await ensureWebhook({ client: overtaken, name: 'jobs', uri, events })
  const left = await listed(client)
  const right = left.filter((webhook) => webhook.uri === uri)
  expect(found.id).toBe(right.map(({ id }) => id!).sort()[0])
  expect(right.find(({ id }) => id === found.id)).toMatchObject({ subscribed_events: events })
  expect([found.id, ...found.duplicates].sort()).toEqual(left.map(({ id }) => id!).sort())
})

test('a webhook that another process made first is used even if the own one cannot be deleted', async () => {
  const { client } = await startEmulator()
  const webhooks = pagesOf(client, 50)
  const ids: string[] = []
  const overtaken: WebhookClient = {
    webhooks: {
      ...webhooks,
      async create(...args) {
        const two = [await webhooks.create(...args), await webhooks.create(...args)]
        two.sort((one, other) => (one.id! < other.id! ? -1 : 1))
        ids.push(...two.map(({ id }) => id!))
        return two[1]!
      },
      async delete() {
        throw Object.assign(new Error('overloaded'), { status: 503 })
      },
    },
  }
  const found = await ensureWebhook({ client: overtaken, name: 'jobs', uri, events })
  expect(found).toEqual({ id: ids[0], outcome: 'unchanged', changed: [], duplicates: [ids[1]] })
})

test('after the API refuses a creation, no search for the webhook follows', async () => {
  const { client } = await startEmulator()
  const refused = ensureWebhook({ client, name: 'jobs', uri, events: ['batch.finished'] })
  await expect(refused).rejects.toMatchObject({ code: 'api_failed', apiStatus: 400 })
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
