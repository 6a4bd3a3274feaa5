import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'

/** An API that never answers in full. */
export async function serveHangingApi(respond: (request: IncomingMessage, response: ServerResponse) => void) {
  const arrived = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    response.on('close', () => ended.resolve())
    respond(request, response)
    arrived.resolve()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Resolves when the first request has arrived. */
    arrived: arrived.promise,
    /** Resolves when the client has ended a request. */
    ended: ended.promise,
    requests: () => requests,
    /** How many connections are open. */
    connections: () => promisify(server.getConnections.bind(server))(),
  }
}
