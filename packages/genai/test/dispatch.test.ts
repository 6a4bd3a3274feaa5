import { JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { describe, expect, test } from 'vitest'
import { checkRequest, createWebhookConfig, type WebhookConfigOptions } from '../src/index.ts'
import { JOB_KEY, MODEL, SDKS, serveFetch, startEmulator, startReceiver } from './support.ts'

const uris = ['https://app.example/webhooks/gemini']
const userMetadata = { job_group: 'nightly', nested: { a: [1, null] } }

describe('createWebhookConfig', () => {
  test('holds the URIs, the metadata and a job token', async () => {
    const config = await createWebhookConfig({ uris, userMetadata, jobKey: JOB_KEY })
    expect(JSON.parse(JSON.stringify(config))).toEqual({
      uris,
      user_metadata: { ...userMetadata, [JOB_TOKEN_FIELD]: expect.stringMatching(/^gwh1\./) },
    })
    expect(config.userMetadata).toBe(config.user_metadata)
  })

  test('makes a new token each time and does not change the given metadata', async () => {
    const [one, other] = [
      await createWebhookConfig({ uris, userMetadata, jobKey: JOB_KEY }),
      await createWebhookConfig({ uris, jobKey: JOB_KEY }),
    ]
    expect(one.user_metadata[JOB_TOKEN_FIELD]).not.toBe(other.user_metadata[JOB_TOKEN_FIELD])
    expect(userMetadata).not.toHaveProperty(JOB_TOKEN_FIELD)
  })

  test.each(['http://localhost:3000/x', 'http://127.0.0.1/x', 'http://[::1]:8/x', 'http://app.localhost/x'])(
    'takes %s, on this machine',
    async (uri) => {
      await expect(createWebhookConfig({ uris: [uri], jobKey: JOB_KEY })).resolves.toMatchObject({
        uris: [uri],
      })
    },
  )

  const deep = (levels: number): Record<string, unknown> => {
    let metadata: Record<string, unknown> = {}
    for (let level = 1; level < levels; level++) metadata = level % 2 ? { a: [metadata] } : { a: metadata }
    return metadata
  }
  const throwing = {
    get a(): string {
      throw new TypeError('no session')
    },
  }

  test('takes as many levels as a receiver reads, and an object twice', async () => {
    const shared = { a: 1 }
    const metadata = { one: shared, other: [shared], levels: deep(40) }
    const { user_metadata } = await createWebhookConfig({ uris, userMetadata: metadata, jobKey: JOB_KEY })
    expect(user_metadata).toMatchObject(metadata)
  })

  const cyclic: Record<string, unknown> = {}
  cyclic.self = { cyclic }
  test.each<[string, object, RegExp]>([
    ['no URI', { uris: [] }, /at least one URL/],
    ['URIs that are no list', { uris: uris[0] }, /at least one URL/],
    ['a URI that is none', { uris: ['app.example'] }, /must be a URL/],
    ['plain http', { uris: ['http://app.example/x'] }, /must be https/],
    ['plain http on a name that only looks local', { uris: ['http://localhost.example/x'] }, /must be https/],
    ['another scheme', { uris: ['ftp://app.example/x'] }, /must be https/],
    ['a URI with a password', { uris: ['https://u:p@app.example/x'] }, /no user, no password/],
    ['a URI with a fragment', { uris: ['https://app.example/x#y'] }, /no fragment/],
    ['a short key', { jobKey: 'short' }, /32/],
    ['no key', { jobKey: undefined }, /jobKey/],
    ['metadata that is a list', { userMetadata: [] }, /plain object/],
    ['the member of the token', { userMetadata: { [JOB_TOKEN_FIELD]: 'x' } }, /must not have/],
    ['a date', { userMetadata: { at: new Date(0) } }, /userMetadata.at is not JSON/],
    ['undefined', { userMetadata: { a: { b: undefined } } }, /userMetadata.a.b is not JSON/],
    ['a bigint', { userMetadata: { a: 1n } }, /not JSON/],
    ['NaN', { userMetadata: { a: [Number.NaN] } }, /userMetadata.a.0 is not JSON/],
    ['an array with a hole', { userMetadata: { a: Array(1) } }, /userMetadata.a.0 is not JSON/],
    ['100 levels', { userMetadata: deep(100) }, /more than 63 levels/],
    ['100,000 levels', { userMetadata: deep(100_000) }, /more than 63 levels/],
    ['a getter', { userMetadata: { a: throwing } }, /userMetadata.a.a is a getter/],
    ['a getter in a list', { userMetadata: { a: [throwing] } }, /userMetadata.a.0.a is a getter/],
    ['a cycle', { userMetadata: cyclic }, /contains itself/],
    [
      'a member that no receiver accepts',
      { userMetadata: JSON.parse('{"a":{"__proto__":1}}') },
      /no receiver/,
    ],
    ['too much', { userMetadata: { a: 'é'.repeat(4100) } }, /too large: \d+ bytes of at most 8192/],
    ['an unknown option', { url: 'https://app.example' }, /no option "url"/],
  ])('refuses %s', async (_, change, message) => {
    const options = { uris, jobKey: JOB_KEY, ...change } as WebhookConfigOptions
    const refused = createWebhookConfig(options)
    await expect(refused).rejects.toThrow(message)
    await expect(refused).rejects.toMatchObject({ code: 'option_invalid' })
  })
})

describe('checkRequest', () => {
  const webhook_config = { uris }

  test('returns the request it was given', () => {
    const interaction = { model: MODEL, input: 'hi', background: true, webhook_config }
    expect(checkRequest(interaction)).toBe(interaction)
    const batch = { model: MODEL, src: [], config: { webhookConfig: { uris } } }
    expect(checkRequest(batch)).toBe(batch)
    const plain = { model: MODEL, contents: 'hi' }
    expect(checkRequest(plain)).toBe(plain)
  })

  test.each<[string, object, RegExp]>([
    ['an interaction in the foreground', { input: 'hi', webhook_config }, /background: true/],
    [
      'an interaction that streams',
      { input: 'hi', webhook_config, background: true, stream: true },
      /cannot stream/,
    ],
    [
      'an interaction without a URI',
      { input: 'hi', background: true, webhook_config: {} },
      /at least one URL/,
    ],
    [
      'an interaction in camel case',
      { input: 'hi', background: true, webhookConfig: { uris } },
      /webhook_config/,
    ],
    [
      'an interaction with a config',
      { input: 'hi', config: { webhookConfig: { uris } } },
      /takes webhook_config/,
    ],
    ['a batch in snake case', { src: [], webhook_config }, /config.webhookConfig/],
    ['a batch with the wrong name', { src: [], config: { webhook_config } }, /takes webhookConfig/],
    ['a batch with it at the top', { src: [], webhookConfig: { uris } }, /config.webhookConfig/],
    ['a synchronous call', { contents: 'hi', config: { webhookConfig: { uris } } }, /synchronous/],
    ['plain http', { src: [], config: { webhookConfig: { uris: ['http://app.example'] } } }, /must be https/],
  ])('refuses %s', (_, request, message) => {
    expect(() => checkRequest(request)).toThrow(message)
  })
})

describe.each(SDKS)('with @google/genai $sdk', ({ sdk, connect }) => {
  test('a receiver with the key accepts the events of a batch and an interaction', async () => {
    const emulated = await startEmulator()
    const client = connect(emulated.url)
    const { receiver, url } = await startReceiver(emulated)
    const events: unknown[] = []
    receiver.on('*', ({ type, id, userMetadata }) => void events.push({ type, id, userMetadata }))
    const options = { uris: [url], userMetadata, jobKey: JOB_KEY, now: () => emulated.emulator.clock.now() }
    const batch = await client.batches.create({
      model: MODEL,
      src: [{ contents: [{ parts: [{ text: 'one' }] }] }],
      config: { webhookConfig: await createWebhookConfig(options) },
    })
    const interaction = await client.interactions.create(
      checkRequest({
        model: MODEL,
        input: 'hi',
        background: true,
        webhook_config: await createWebhookConfig(options),
      }),
    )
    await emulated.emulator.clock.advance(60_000)
    expect(events).toEqual([
      { type: 'batch.succeeded', id: batch.name, userMetadata },
      { type: 'interaction.completed', id: interaction.id, userMetadata },
    ])
  })

  test('each kind of job sends the metadata once, in snake case', async () => {
    const sent: { path: string; body: Record<string, never> }[] = []
    const base = await serveFetch(async (request) => {
      sent.push({ path: new URL(request.url).pathname, body: await request.json() })
      return Response.json({ name: 'batches/x', metadata: { state: 'BATCH_STATE_PENDING' } })
    })
    const client = connect(base)
    const webhookConfig = await createWebhookConfig({ uris, userMetadata, jobKey: JOB_KEY })
    await client.batches.create({ model: MODEL, src: 'files/abc', config: { webhookConfig } })
    await client.interactions.create({
      model: MODEL,
      input: 'hi',
      background: true,
      webhook_config: webhookConfig,
    })
    const expected = { uris, user_metadata: webhookConfig.user_metadata }
    expect(sent[0]!.body).toMatchObject({ batch: { webhookConfig: expected } })
    expect(sent[0]!.body).not.toMatchObject({ batch: { webhookConfig: { userMetadata: {} } } })
    expect(sent[1]!.body).toMatchObject({ webhook_config: expected })
    if (sdk !== '2.x') return
    await client.models.generateVideos({ model: 'veo', prompt: 'a cat', config: { webhookConfig } })
    expect(sent[2]!.body).toMatchObject({ webhookConfig: expected })
  })
})
