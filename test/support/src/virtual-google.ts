import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEmulator, type Emulator } from '@gwh/emulator'

/** How one job is to end, and what goes wrong with its webhook. */
export interface PlannedJob {
  /** Its number, which is in its metadata and in its prompt. */
  n: number
  kind: 'batch' | 'interaction' | 'video'
  /** How long it runs, in milliseconds. */
  afterMs: number
  outcome?: 'succeeded' | 'failed' | 'expired'
  webhooks?: { drop?: true; duplicate?: number; delayMs?: number }
}

/** Google's side on a virtual clock that stands still until it is advanced, behind a real server. */
export interface VirtualGoogle {
  readonly emulator: Emulator
  readonly url: string
  /** Whether the API answers and webhooks are sent. */
  up: boolean
  /** The requests so far, as `GET /v1/batches/…`. */
  readonly calls: string[]
  readonly jwks: { keys: Record<string, unknown>[] }
  /** Starts a job as planned, and resolves to its name. */
  create(job: PlannedJob, webhook?: { uri: string; userMetadata?: object }): Promise<string>
  close(): Promise<void>
}

const HEADERS = { 'x-goog-api-key': 'test', 'content-type': 'application/json' }

/** Starts Google's side at a time, in epoch milliseconds. */
export async function startVirtualGoogle(startMs: number): Promise<VirtualGoogle> {
  const calls: string[] = []
  const state = { up: true }
  const emulator = createEmulator({
    now: () => startMs,
    fetch: async (...request) => {
      if (!state.up) throw new TypeError('Google is down')
      return await fetch(...request)
    },
  })
  emulator.clock.pause()
  const server = createServer(async (request, response) => {
    calls.push(`${request.method} ${request.url!.split('?')[0]}`)
    if (!state.up) return request.socket.destroy()
    const answer = await emulator.fetch(await toRequest(request))
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const call = async (path: string, body: object) => {
    const request = new Request(`http://127.0.0.1${path}`, {
      method: 'POST',
      headers: HEADERS,
      body: JSON.stringify(body),
    })
    const made = (await (await emulator.fetch(request)).json()) as { name?: string; id?: string }
    const name = made.name ?? made.id
    if (name === undefined) throw new RangeError(`no job: ${JSON.stringify(made)}`)
    return name
  }
  const answer = await emulator.fetch(new Request('http://127.0.0.1/.well-known/jwks.json'))
  const jwks = (await answer.json()) as VirtualGoogle['jwks']
  return {
    emulator,
    url,
    get up() {
      return state.up
    },
    set up(up) {
      state.up = up
    },
    calls,
    jwks,
    async create({ n, kind, afterMs, outcome = 'succeeded', webhooks }, webhook) {
      const trouble = webhooks === undefined ? {} : { webhooks }
      emulator.scenarios.add({ when: { metadata: { n } }, then: { afterMs, outcome, ...trouble }, times: 1 })
      const metadata = { ...webhook?.userMetadata, n }
      const uris = webhook ? { uris: [webhook.uri] } : {}
      return await call(...toCall(kind, `job ${n}`, uris, metadata))
    },
    async close() {
      await emulator.close()
      await end(server)
    },
  }
}

function toCall(
  kind: PlannedJob['kind'],
  prompt: string,
  uris: object,
  metadata: object,
): [path: string, body: object] {
  const webhookConfig = { ...uris, userMetadata: metadata }
  if (kind === 'interaction') {
    const webhook_config = { ...uris, user_metadata: metadata }
    return [
      '/v1/interactions',
      { model: 'gemini-3.8-flash', input: prompt, background: true, webhook_config },
    ]
  }
  if (kind === 'video') {
    return [
      '/v1/models/veo-3.1:predictLongRunning',
      { instances: [{ prompt }], parameters: {}, webhookConfig },
    ]
  }
  const requests = [{ request: { contents: [{ parts: [{ text: prompt }] }] }, metadata: { key: prompt } }]
  const batch = { inputConfig: { requests: { requests } }, webhookConfig }
  return ['/v1/models/gemini-3.8-flash:batchGenerateContent', { batch }]
}

async function toRequest(request: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ])
  const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}
  return new Request(`http://127.0.0.1${request.url}`, { method: request.method!, headers, ...body })
}

function end(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
