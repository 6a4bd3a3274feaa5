import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { IncomingDelivery, Receiver } from '@gwh/core'
import { createBodyCollector } from '@gwh/core'
import { createContractReceiver } from '../src/index.ts'

const PATH = '/webhooks'

/** What an adapter on node:http does, in three steps, each of which can go wrong. */
export interface Steps {
  /** Sees the request before anything else; `true` when it has answered. */
  first(request: IncomingMessage, response: ServerResponse): boolean
  read(request: IncomingMessage): IncomingDelivery | Promise<IncomingDelivery>
  answer(receiver: Receiver, delivery: IncomingDelivery): ReturnType<Receiver['receive']>
  write(response: ServerResponse, answer: Awaited<ReturnType<Receiver['receive']>>): void
}

export const RIGHT: Steps = {
  first(request, response) {
    if (request.url?.split('?')[0]?.replace(/^http:\/\/[^/]+/, '') === PATH) return false
    response.writeHead(404, { connection: 'close' }).end()
    return true
  },
  read: (request) => ({
    method: request.method ?? 'GET',
    headers: request.headers,
    body(limits) {
      const collector = createBodyCollector(limits)
      request.on('data', collector.push).on('end', collector.end).on('close', collector.fail)
      return collector.result
    },
  }),
  answer: (receiver, delivery) => receiver.receive(delivery),
  write(response, { status, headers, body }) {
    response
      .writeHead(status, { ...headers, ...(!response.req.complete && { connection: 'close' }) })
      .end(body)
    response.req.resume()
  },
}

/** A separate server for each test. */
export async function startContractServer(steps: Partial<Steps>, mode: 'inline' | 'queue' = 'inline') {
  const { first, read, answer, write } = { ...RIGHT, ...steps }
  const receiver = createContractReceiver({ mode })
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    if (!first(request, response)) write(response, await answer(receiver, await read(request)))
  }
  const server = createServer((request, response) => {
    // A deliberately wrong adapter may also fail when a sender disconnects.
    serve(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}
