import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GenerateVideosOperation } from '@google/genai'
import { temporaryFolder } from '../support.ts'
import {
  aBatch,
  aFile,
  anInteraction,
  aVideo,
  aVideoFile,
  aWebhook,
  type Fixture,
  MODEL,
  onDisk,
  URI,
  VIDEO_MODEL,
} from './fixture.ts'

type Call = (f: Fixture) => Promise<unknown>

const dynamic = { uris: ['https://my-api.example/dyn'] }
const metadata = { job_group: 'nightly-eval', priority: 'high' }
const webhookConfig = { ...dynamic, userMetadata: { ...metadata, nested: { a: 1 } } }
const webhook_config = { ...dynamic, user_metadata: metadata }
const inlined = { contents: [{ parts: [{ text: 'hello' }], role: 'user' }] }

// The SDK's types refuse what some captures do on purpose.
const loose = (value: unknown) => value as never

const getWebhook: Call = async (f) => f.ai.webhooks.get(await aWebhook(f))
const deleteWebhook: Call = async (f) => f.ai.webhooks.delete(await aWebhook(f))
const getBatch =
  (...args: [outcome?: Parameters<typeof aBatch>[1]]): Call =>
  async (f) =>
    f.ai.batches.get({ name: await aBatch(f, ...args) })
const getInteraction =
  (...args: [outcome?: Parameters<typeof anInteraction>[1], body?: object]): Call =>
  async (f) =>
    f.ai.interactions.get(await anInteraction(f, ...args))
const deleteInteraction: Call = async (f) => f.ai.interactions.delete(await anInteraction(f))
const getVideo =
  (...args: [outcome?: Parameters<typeof aVideo>[1]]): Call =>
  async (f) =>
    f.ai.operations.getVideosOperation({ operation: operation(await aVideo(f, ...args)) })

function operation(name: string): GenerateVideosOperation {
  return Object.assign(new GenerateVideosOperation(), { name })
}

/** Downloads what `file` makes of the name of a file. */
const download =
  (make: (f: Fixture) => Promise<unknown>): Call =>
  async (f) => {
    const downloadPath = join(temporaryFolder(), 'out')
    await f.ai.files.download({ file: loose(await make(f)), downloadPath })
    return { downloaded: readFileSync(downloadPath, 'latin1') }
  }

/** Lets reads be answered with an error, so many times. */
const failing =
  (status: number, call: Call, times?: number): Call =>
  async (f) => {
    const fault = { type: 'api_error' as const, status }
    f.emulator.faults.add({ fault, match: { method: 'GET' }, ...(times !== undefined && { times }) })
    return call(f)
  }

const outputName = async (f: Fixture) =>
  `files/batch-${(await aBatch(f, {}, await aFile(f))).slice('batches/'.length)}`

const CALLS: Record<string, Call> = {
  'webhooks.create': ({ ai }) =>
    ai.webhooks.create({
      name: 'MyBatchWebhook',
      uri: URI,
      subscribed_events: ['batch.succeeded', 'batch.failed'],
    }),
  'webhooks.create.minimal_response': ({ ai }) =>
    ai.webhooks.create({ uri: URI, subscribed_events: ['video.generated'] }),
  'webhooks.create.unknown_event': ({ ai }) => {
    const events = { subscribed_events: ['batch.cancelled', 'x.y'], subscribedEvents: ['zzz'] }
    return ai.webhooks.create(loose({ uri: URI, ...events, state: 'disabled' }))
  },
  'webhooks.list': async (f) => {
    await aWebhook(f)
    return f.ai.webhooks.list()
  },
  'webhooks.list.empty': ({ ai }) => ai.webhooks.list(),
  'webhooks.list.paging': async (f) => {
    await aWebhook(f)
    await aWebhook(f)
    const p1 = await f.ai.webhooks.list({ page_size: 1 })
    const p2 = await f.ai.webhooks.list({ page_size: 1, page_token: p1.next_page_token! })
    return { p1, p2, iterable: 'undefined', asyncIterable: 'undefined', isArray: Array.isArray(p1) }
  },
  'webhooks.get': getWebhook,
  'webhooks.get.prefixed_id': async (f) => f.ai.webhooks.get(`webhooks/${await aWebhook(f)}`),
  'webhooks.get.textplain': getWebhook,
  'webhooks.update': async (f) =>
    f.ai.webhooks.update(await aWebhook(f), {
      subscribed_events: ['batch.succeeded', 'batch.failed', 'batch.cancelled'],
    }),
  'webhooks.update.mask': async (f) => {
    const change = { state: 'disabled' as const, name: 'x', uri: 'https://u.example' }
    return f.ai.webhooks.update(await aWebhook(f), { update_mask: 'state,name,uri', ...change })
  },
  'webhooks.update.nobody': async (f) => f.ai.webhooks.update(await aWebhook(f)),
  'webhooks.delete': deleteWebhook,
  'webhooks.delete.emptybody': deleteWebhook,
  'webhooks.delete.204': deleteWebhook,
  'webhooks.ping': async (f) => f.ai.webhooks.ping(await aWebhook(f)),
  'webhooks.ping.body': async (f) => f.ai.webhooks.ping(await aWebhook(f), { body: {} }),
  'webhooks.ping.emptybody': async (f) => f.ai.webhooks.ping(await aWebhook(f)),
  'webhooks.rotateSigningSecret': async (f) => f.ai.webhooks.rotateSigningSecret(await aWebhook(f)),
  'webhooks.rotateSigningSecret.h24': async (f) =>
    f.ai.webhooks.rotateSigningSecret(await aWebhook(f), {
      revocation_behavior: 'revoke_previous_secrets_after_h24',
    }),
  'webhooks.rotateSigningSecret.upper': async (f) =>
    f.ai.webhooks.rotateSigningSecret(await aWebhook(f), {
      revocation_behavior: loose('REVOKE_PREVIOUS_SECRETS_AFTER_H24'),
    }),
  'webhooks.apiVersion_client_option': async (f) =>
    f.connect({ apiVersion: 'v1beta' }).webhooks.get(await aWebhook(f)),
  'webhooks.apiVersion_v1_client_option': async (f) =>
    f.connect({ apiVersion: 'v1' }).webhooks.get(await aWebhook(f)),
  'webhooks.api_version_override': async (f) =>
    f.ai.webhooks.get(await aWebhook(f), { api_version: 'v1beta' }),

  'interactions.create': ({ ai }) =>
    ai.interactions.create({ model: MODEL, input: 'Tell me a joke', background: true, webhook_config }),
  'interactions.create.agent': ({ ai }) => {
    const agent = 'deep-research-preview-04-2026'
    return ai.interactions.create({ agent, input: 'x', background: true, store: true, webhook_config })
  },
  'interactions.create.video': ({ ai }) =>
    ai.interactions.create({
      model: 'gemini-omni-flash-preview',
      input: 'a cat surfing',
      background: true,
      response_format: { type: 'video', delivery: 'uri' },
      webhook_config,
    }),
  'interactions.create.minimal_response': ({ ai }) =>
    ai.interactions.create({ model: MODEL, input: 'x', background: true }),
  'interactions.create.function_result': async (f) => {
    const previous = await anInteraction(f, { outcome: 'requires_action' })
    const { steps } = await f.emulator
      .fetch(
        new Request(`http://localhost/v1/interactions/${previous}`, {
          headers: { 'x-goog-api-key': 'test' },
        }),
      )
      .then((response) => response.json())
    const result = { type: 'function_result' as const, call_id: steps.at(-1).id, name: 'get_weather' }
    return f.ai.interactions.create({
      model: MODEL,
      previous_interaction_id: previous,
      background: true,
      webhook_config,
      input: [{ ...result, result: { temp: 20 } }],
    })
  },
  'interactions.get.in_progress': getInteraction(),
  'interactions.get.queued': getInteraction(),
  'interactions.get.completed': getInteraction({ output: 'answer' }),
  'interactions.get.completed_video': getInteraction({}, { response_format: { type: 'video' } }),
  'interactions.get.failed': getInteraction({ outcome: 'failed', error: { code: 13, message: 'boom' } }),
  'interactions.get.cancelled': getInteraction({ outcome: 'cancelled' }),
  'interactions.get.requires_action': getInteraction({
    outcome: 'requires_action',
    requiresAction: [{ name: 'get_weather', arguments: { city: 'Paris' } }],
  }),
  'interactions.get.include_input': async (f) =>
    f.ai.interactions.get(await anInteraction(f, {}), { include_input: true }),
  'interactions.cancel': async (f) => f.ai.interactions.cancel(await anInteraction(f)),
  'interactions.delete': deleteInteraction,
  'interactions.delete.empty200': deleteInteraction,
  'interactions.delete.204': deleteInteraction,

  'batches.create.inlined': ({ ai }) =>
    ai.batches.create({
      model: MODEL,
      src: [{ ...inlined, metadata: { key: 'k1' }, config: { temperature: 0 } }],
      config: { displayName: 'job', webhookConfig },
    }),
  'batches.create.inlined_obj': ({ ai }) =>
    ai.batches.create({ model: MODEL, src: { inlinedRequests: [inlined] }, config: { webhookConfig } }),
  'batches.create.file': async (f) =>
    f.ai.batches.create({ model: MODEL, src: await aFile(f), config: { displayName: 'job', webhookConfig } }),
  'batches.create.docs_snake_case': async (f) =>
    f.ai.batches.create({
      model: MODEL,
      src: await aFile(f),
      config: { webhookConfig: loose({ ...dynamic, user_metadata: { job_group: 'x' } }) },
    }),
  'batches.create.minimal_response': async (f) => f.ai.batches.create({ model: MODEL, src: await aFile(f) }),
  'batches.createEmbeddings': async (f) =>
    f.ai.batches.createEmbeddings({
      model: 'gemini-embedding-001',
      src: { fileName: await aFile(f) },
      config: { displayName: 'e' },
    }),
  'batches.get.pending': getBatch(),
  'batches.get.running': async (f) => {
    const name = await aBatch(f)
    await f.emulator.clock.advance(1000)
    return f.ai.batches.get({ name })
  },
  'batches.get.succeeded_inline': getBatch({
    output: 'hi',
    failedRequests: [1],
    error: { code: 3, message: 'bad' },
  }),
  'batches.get.succeeded_file': async (f) => f.ai.batches.get({ name: await aBatch(f, {}, await aFile(f)) }),
  'batches.get.succeeded_file.response_only': async (f) =>
    f.ai.batches.get({ name: await aBatch(f, {}, await aFile(f)) }),
  'batches.get.failed': getBatch({ outcome: 'failed', error: { code: 3, message: 'Validation failed' } }),
  'batches.get.cancelled': getBatch({ outcome: 'cancelled' }),
  'batches.get.expired': getBatch({ outcome: 'expired' }),
  'batches.get.job_state_names': getBatch({}),
  'batches.get.bare_id': ({ ai }) => ai.batches.get({ name: 'b0emu1ator2example3id4bare5opaque6xy' }),
  'batches.list': async (f) => {
    await aBatch(f, {})
    await aBatch(f)
    const listed: unknown[] = []
    for await (const { name, state } of await f.ai.batches.list({ config: { pageSize: 1 } })) {
      listed.push({ name, state })
    }
    return listed
  },
  'batches.list.empty': async ({ ai }) => {
    const listed: unknown[] = []
    for await (const batch of await ai.batches.list()) listed.push(batch)
    return listed
  },
  'batches.cancel': async (f) => f.ai.batches.cancel({ name: await aBatch(f) }),
  'batches.cancel.empty200': async (f) => f.ai.batches.cancel({ name: await aBatch(f) }),
  'batches.delete': async (f) => f.ai.batches.delete({ name: await aBatch(f) }),
  'batches.delete.empty200': async (f) => f.ai.batches.delete({ name: await aBatch(f) }),

  'models.generateVideos': ({ ai }) =>
    ai.models.generateVideos({
      model: VIDEO_MODEL,
      prompt: 'a cat',
      config: { numberOfVideos: 1, aspectRatio: '16:9', webhookConfig },
    }),
  'models.generateVideos.source': ({ ai }) =>
    ai.models.generateVideos({ model: VIDEO_MODEL, source: { prompt: 'a cat' }, config: { webhookConfig } }),
  'operations.getVideosOperation.pending': getVideo(),
  'operations.getVideosOperation.done': getVideo({}),
  'operations.getVideosOperation.error': getVideo({
    outcome: 'failed',
    error: { code: 3, message: 'blocked' },
  }),
  'operations.getVideosOperation.rai': getVideo({ outcome: 'filtered' }),
  'operations.get.plain_object': async (f) =>
    f.ai.operations.get({ operation: operation(await aVideo(f, {})) }),

  'files.upload.path': ({ ai }) =>
    ai.files.upload({
      file: onDisk('in.jsonl', '{"key":"a"}\n'),
      config: { mimeType: 'application/jsonl', name: 'files/custom' },
    }),
  'files.upload.blob': ({ ai }) =>
    ai.files.upload({
      file: new Blob(['{"key":"a"}\n'], { type: 'application/jsonl' }),
      config: { displayName: 'in.jsonl' },
    }),
  'files.upload.json_path_nomime': ({ ai }) => ai.files.upload({ file: onDisk('in.json', '{}') }),
  'files.get': async (f) => f.ai.files.get({ name: await aFile(f, '{"key":"a"}\n') }),
  'files.get.bare': async (f) => {
    const name = await aFile(f, '{"key":"a"}\n')
    return f.ai.files.get({ name: name.slice('files/'.length) })
  },
  'files.list': async (f) => {
    await aFile(f)
    await aFile(f)
    const listed: unknown[] = []
    for await (const { name } of await f.ai.files.list({ config: { pageSize: 1 } })) listed.push(name)
    return listed
  },
  'files.delete': async (f) => f.ai.files.delete({ name: await aFile(f) }),
  'files.download.name': download(outputName),
  'files.download.bare': download(async (f) => (await outputName(f)).slice('files/'.length)),
  'files.download.uri_string': download(
    async (f) => `${f.url}/v1beta/${await aVideoFile(f)}:download?alt=media`,
  ),
  'files.download.google_uri': download(
    async (f) => `https://generativelanguage.googleapis.com/v1beta/${await aVideoFile(f)}:download?alt=media`,
  ),
  'files.download.gs_uri': download(async () => 'gs://my-bucket/results.jsonl'),
  'files.download.file_obj': download(async (f) => {
    const name = await aFile(f)
    const uri = `${f.url}/v1beta/${name}`
    return { name, uri, downloadUri: `${uri}:download?alt=media` }
  }),
  'files.download.video': download(async (f) => ({
    uri: `${f.url}/v1beta/${await aVideoFile(f)}:download?alt=media`,
  })),
  'files.download.generated_video': download(async (f) => ({
    video: { uri: `${f.url}/v1beta/${await aVideoFile(f)}:download?alt=media` },
  })),

  'errors.webhooks.400': ({ ai }) => ai.webhooks.create({ uri: 'ftp://x', subscribed_events: [] }),
  'errors.webhooks.400.interactions_style': ({ ai }) =>
    ai.webhooks.create({ uri: 'https://x', subscribed_events: [] }),
  'errors.webhooks.401': async (f) => f.connect({ apiKey: ' ' }).webhooks.get(await aWebhook(f)),
  'errors.webhooks.403': failing(403, getWebhook),
  'errors.webhooks.404': ({ ai }) => ai.webhooks.get('nope'),
  'errors.webhooks.409': failing(409, getWebhook),
  'errors.webhooks.429': failing(429, getWebhook),
  'errors.webhooks.500': failing(500, getWebhook),
  'errors.webhooks.503_then_ok': failing(503, getWebhook, 1),
  'errors.webhooks.text': getWebhook,
  'errors.interactions.400': ({ ai }) => ai.interactions.create({ model: MODEL, input: 'x', webhook_config }),
  'errors.interactions.404': ({ ai }) => ai.interactions.get('nope'),
  'errors.batches.400': ({ ai }) => ai.batches.create({ model: 'm', src: 'files/x' }),
  'errors.batches.404': ({ ai }) => ai.batches.get({ name: 'batches/b0emu1ator2example3id4bare5opaque6xy' }),
  'errors.batches.503': failing(503, getBatch()),
  'errors.batches.text': getBatch(),
  'errors.files.404': ({ ai }) => ai.files.get({ name: 'files/none' }),

  'client.baseurl_with_path': async (f) => {
    const ai = f.connect({ httpOptions: { baseUrl: `${f.url}/emu` } })
    const webhook = await ai.webhooks.get(await aWebhook(f))
    await ai.batches.get({ name: await aBatch(f) })
    return webhook
  },
  'client.custom_headers': async (f) => {
    const httpOptions = { baseUrl: f.url, headers: { 'x-custom': '1' } }
    return f.connect({ httpOptions }).webhooks.get(await aWebhook(f))
  },
  'client.custom_headers_batches': async (f) => {
    const httpOptions = { baseUrl: f.url, headers: { 'x-custom': '1' } }
    return f.connect({ httpOptions }).batches.get({ name: await aBatch(f) })
  },
}

/** The call of a capture. */
export function callOf(name: string): Call {
  const found = CALLS[name]
  if (found === undefined) throw new Error(`no call for ${name}`)
  return found
}
