import { createReceiver, type ReceiverSignal } from '@gwh/core'
import { serve } from '@gwh/deno'
import { afterEach, expect, test, vi } from 'vitest'

const SECRET = 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI='

afterEach(() => vi.unstubAllGlobals())

/** Deno's server as far as it listens: `fail` makes the last one stop accepting. */
function stubServer() {
  const servers: { fail(error: Error): void }[] = []
  const listen = ({ port, hostname, signal }: { port: number; hostname: string; signal: AbortSignal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => resolve())
    servers.push({ fail: reject })
    return { addr: { port: port || 4000, hostname }, finished: promise }
  }
  vi.stubGlobal('Deno', { serve: listen })
  return servers
}

test('a server that ran out of file descriptors listens again, and the observer is warned', async () => {
  const servers = stubServer()
  const signals: ReceiverSignal[] = []
  const receiver = createReceiver({
    static: { secrets: SECRET },
    observer: (signal) => signals.push(signal),
  })
  const server = await serve(receiver, { port: 0, signals: false })
  const error = new Error('Too many open files (os error 24)')
  servers[0]!.fail(error)
  await vi.waitFor(() => expect(servers).toHaveLength(2))
  expect(signals).toMatchObject([{ type: 'warning', code: 'server_restarted', error }])
  expect(signals).toMatchObject([{ message: expect.stringContaining(error.message) }])
  await server.close()
})
