import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GoogleGenAI } from '@google/genai'
import { GoogleGenAI as GoogleGenAI2 } from '@google/genai-2'
import { getRequestListener } from '@hono/node-server'
import { onTestFinished } from 'vitest'
import { createTestEmulator } from '../support.ts'
import { callOf } from './calls.ts'
import { differences, mask } from './compare.ts'
import type { Fixture } from './fixture.ts'

/** What a call sent, and what came of it. */
export interface Replayed {
  readonly requests: readonly { method: string; path: string; body?: unknown }[]
  readonly outcome: { result?: unknown; error?: object }
}

/** A call as it was captured with the SDK 3.1.0, and with 2.32.0 where that did something else. */
export interface Capture extends Replayed {
  readonly name: string
  readonly note: string
  readonly major2?: Replayed
}

/** A major version of the SDK. */
export type Major = 3 | 2

/** Makes the call of a capture against a fresh emulator; returns where it differs from the capture. */
export async function replay(capture: Capture, major: Major): Promise<string[]> {
  const captured = (major === 2 && capture.major2) || capture
  const { fixture, requests } = await startFixture(major)
  const outcome = await settle(() => callOf(capture.name)(fixture))
  const hasVersion = capture.name.startsWith('webhooks.api')
  const version = (path: string) => (hasVersion ? path : path.replace(/\/v1(beta)?\//, '/{version}/'))
  const shown = (all: Replayed['requests']) =>
    all.map((request) => ({ ...request, path: version(request.path) }))
  return [
    ...differences(mask(shown(captured.requests)), mask(shown(requests)), 'request'),
    ...differences(mask(captured.outcome), mask(outcome)),
  ]
}

async function settle(call: () => Promise<unknown>): Promise<Replayed['outcome']> {
  try {
    return { result: (await call()) ?? null }
  } catch (error) {
    const { name, status, error: body } = error as Error & { status?: number; error?: unknown }
    return { error: { name, status, error: body } }
  }
}

/** Starts an emulator behind a server that records what the SDK sends. */
async function startFixture(major: Major) {
  const emulator = createTestEmulator()
  const requests: { method: string; path: string; body?: unknown }[] = []
  const listener = getRequestListener(
    async (request) => {
      const { pathname, search, origin } = new URL(request.url)
      const body = await request.text()
      const parsed = body === '' ? {} : { body: parse(body) }
      requests.push({ method: request.method, path: `${pathname}${search}`, ...parsed })
      const { method, headers } = request
      const url = `${origin}${pathname.replace(/^\/emu\//, '/')}${search}`
      return emulator.fetch(new Request(url, { method, headers, ...(body !== '' && { body }) }))
    },
    { overrideGlobalObjects: false },
  )
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const connect = (options: object) => {
    const merged = { apiKey: 'test', httpOptions: { baseUrl: url }, ...options }
    return major === 3 ? new GoogleGenAI(merged) : (new GoogleGenAI2(merged) as unknown as GoogleGenAI)
  }
  const fixture: Fixture = { emulator, url, connect, ai: connect({}), version: major === 3 ? 'v1' : 'v1beta' }
  return { fixture, requests }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
