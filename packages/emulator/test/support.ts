import { createHmac, createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GoogleGenAI } from '@google/genai'
import { GoogleGenAI as GoogleGenAI2 } from '@google/genai-2'
import { onTestFinished } from 'vitest'
import { createEmulator, type Emulator, type EmulatorOptions } from '../src/index.ts'

/** What a receiver saw of one attempt. */
export interface Received {
  path: string
  headers: Record<string, string>
  body: string
}

export interface Receiver {
  url: string
  received: Received[]
}

type Reply = (response: ServerResponse, received: Received, count: number) => void

const ok: Reply = (response) => void response.writeHead(200).end()

/** A folder that is deleted after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A real HTTP receiver that answers 200 unless told otherwise. */
export async function startReceiver(reply: Reply = ok): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const delivery = { path: request.url!, headers: headersOf(request), body: await bodyOf(request) }
    received.push(delivery)
    reply(response, delivery, received.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received }
}

/** A URL at which nobody listens any more. */
export async function deadUrl(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}/hook`
}

function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** Both major versions of the SDK, for `describe.each`. */
export const SDKS = [
  ['3.x', (baseUrl: string) => new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl } })],
  ['2.x', connect2],
] as const

/** The SDK 2.x as if it were 3.x: what is called has the same types in both. */
export function connect2(baseUrl: string): GoogleGenAI {
  return new GoogleGenAI2({ apiKey: 'test', httpOptions: { baseUrl } }) as unknown as GoogleGenAI
}

/** An emulator on a free port whose clock stands still, and the real SDK pointed at it. */
export async function startEmulator(options: EmulatorOptions = {}) {
  const emulator = createTestEmulator(options)
  const { url } = await emulator.listen({ port: 0 })
  return { emulator, url, ai: new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: url } }) }
}

/** An emulator without a server whose clock stands still. */
export function createTestEmulator(options: EmulatorOptions = {}): Emulator {
  const emulator = createEmulator(options)
  emulator.clock.pause()
  onTestFinished(() => emulator.close())
  return emulator
}

/** Calls the API in-process, as a client without an SDK would. */
export async function call(
  emulator: Emulator,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {
    'x-goog-api-key': 'test',
    'content-type': 'application/json',
    authorization: `Bearer ${emulator.controlToken}`,
  },
) {
  const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const response = await emulator.fetch(new Request(`http://localhost${path}`, { method, headers, ...init }))
  return { status: response.status, body: await response.json(), headers: response.headers }
}

/** The `v1` entry that this secret must produce, computed without the code under test. */
export function expectedV1({ headers, body }: Received, secret: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`
}

/** The kids of the published keys that verify a `v1a` delivery, computed without the code under test. */
export function verifyingKids({ headers, body }: Received, jwks: { keys: Record<string, string>[] }) {
  const [version, signature] = headers['webhook-signature']!.split(',')
  if (version !== 'v1a') return []
  const content = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
  return jwks.keys
    .filter((jwk) => {
      const key = createPublicKey({ key: { kty: jwk.kty!, crv: jwk.crv!, x: jwk.x! }, format: 'jwk' })
      return verify(null, content, key, Buffer.from(signature!, 'base64'))
    })
    .map((jwk) => jwk.kid)
}

/** Registers a webhook in-process and returns its id and secret. */
export async function register(emulator: Emulator, uri: string, types = ['batch.succeeded']) {
  const { body } = await call(emulator, 'POST', '/v1/webhooks', { uri, subscribed_events: types })
  return { id: body.id as string, secret: body.new_signing_secret as string }
}
