import { Deno as shim } from '@deno/shim-deno'
import { createReceiver } from '@gwh/core'
import { serve } from '@gwh/deno'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const SECRET = 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI='

// Deno's API on Node. The shim has everything but `Deno.serve`; what a server does is tested on Deno itself.
beforeEach(() => vi.stubGlobal('Deno', { ...shim, serve: listen }))
afterEach(() => vi.unstubAllGlobals())

function listen({ port, hostname, signal }: { port: number; hostname: string; signal: AbortSignal }) {
  const finished = new Promise((resolve) => signal.addEventListener('abort', resolve))
  return { addr: { port, hostname }, finished }
}

test('listens for signals only while it serves', async () => {
  const before = [process.listenerCount('SIGTERM'), process.listenerCount('SIGINT')]
  const receiver = createReceiver({ static: { secrets: SECRET } })
  const server = await serve(receiver, { port: 0, hostname: '127.0.0.1' })
  expect([process.listenerCount('SIGTERM'), process.listenerCount('SIGINT')]).toEqual(
    before.map((count) => count + 1),
  )
  await server.close()
  expect([process.listenerCount('SIGTERM'), process.listenerCount('SIGINT')]).toEqual(before)
})

test('leaves signals alone with signals: false', async () => {
  const before = process.listenerCount('SIGTERM')
  const receiver = createReceiver({ static: { secrets: SECRET } })
  const server = await serve(receiver, { port: 0, hostname: '127.0.0.1', signals: false })
  expect(process.listenerCount('SIGTERM')).toBe(before)
  await server.close()
})
