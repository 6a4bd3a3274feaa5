import { connect } from 'node:net'
import { createReceiver } from '@gwh/core'
import { createMemoryQueue } from '@gwh/core/queue'
import { serve } from '@gwh/node'
import { expect, test } from 'vitest'
import { SECRET, signed } from './support.ts'

const local = { port: 0, hostname: '127.0.0.1', signals: false }

test('the url it returns is the one it serves at', async () => {
  const receiver = createReceiver({ static: { secrets: SECRET } })
  const server = await serve(receiver, { ...local, path: '/hooks' })
  expect(server.url).toBe(`http://127.0.0.1:${server.port}/hooks`)
  expect((await fetch(server.url, await signed())).status).toBe(200)
  await server.close()
})

test('a port in use is an error, not a server that never answers', async () => {
  const receiver = createReceiver({ static: { secrets: SECRET } })
  const first = await serve(receiver, local)
  await expect(serve(receiver, { ...local, port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await first.close()
})

test('close answers open requests before it resolves', async () => {
  const receiver = createReceiver({ static: { secrets: SECRET } })
  const entered = Promise.withResolvers<void>()
  const leave = Promise.withResolvers<void>()
  receiver.on('*', async () => {
    entered.resolve()
    await leave.promise
  })
  const server = await serve(receiver, local)
  const response = fetch(server.url, await signed())
  await entered.promise
  const closed = server.close()
  leave.resolve()
  expect((await response).status).toBe(200)
  await closed
})

test('with work, queued deliveries are handled in the same process', async () => {
  const receiver = createReceiver({ static: { secrets: SECRET }, queue: createMemoryQueue() })
  const handled = Promise.withResolvers<string>()
  receiver.on('*', (event) => handled.resolve(event.type))
  const server = await serve(receiver, { ...local, work: true })
  await fetch(server.url, await signed())
  expect(await handled.promise).toBe('batch.succeeded')
  await server.close()
})

test('a request that is never finished does not keep the server from closing', async () => {
  const receiver = createReceiver({ static: { secrets: SECRET } })
  const server = await serve(receiver, { ...local, closeTimeoutMs: 50 })
  const half = connect(server.port, '127.0.0.1')
  await new Promise((resolve) => half.once('connect', resolve))
  half.write('POST / HTTP/1.1\r\nhost: x\r\n')
  half.on('error', () => {})
  const ended = new Promise((resolve) => half.once('close', resolve))
  await server.close()
  await ended
})

test('work without a queue is refused, and nothing is left listening', async () => {
  const receiver = createReceiver({ static: { secrets: SECRET } })
  const probe = await serve(receiver, local)
  await probe.close()
  await expect(serve(receiver, { ...local, port: probe.port, work: true })).rejects.toMatchObject({
    code: 'option_invalid',
  })
  await expect(fetch(probe.url)).rejects.toThrow()
})

test('a path that does not start with a slash is refused', async () => {
  const receiver = createReceiver({ static: { secrets: SECRET } })
  await expect(serve(receiver, { ...local, path: 'hooks' })).rejects.toMatchObject({ code: 'option_invalid' })
})
