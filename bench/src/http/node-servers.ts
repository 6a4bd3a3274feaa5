// Servers on plain `node:http`.
import type { RequestListener } from 'node:http'
import type { DeliveryQueue } from '@gwh/core/queue'
import { createNodeHandler } from '@gwh/node'
import { listen, makeReceiver, type StartServer } from './around.ts'
import { isGenuine } from './by-hand.ts'

/** Verifies by hand and parses, but checks and stores nothing else. The limit that all ratios refer to. */
export function bare(accept?: (id: string, body: Buffer) => unknown): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
      const header = (name: string) => request.headers[name] as string
      if (!isGenuine(header, body)) return response.writeHead(401).end()
      JSON.parse(body.toString('utf8'))
      accept?.(header('webhook-id'), body)
      response.writeHead(200, { 'content-length': 2 }).end('ok')
    })
  }
}

export const byHand: StartServer = () => listen(bare())

export const inline: StartServer = () => listen(createNodeHandler(makeReceiver()))

export const emptyQueue: StartServer = () => {
  const queue = {
    enqueue: async () => 'enqueued',
    stats: async () => ({ oldestPendingMs: 0 }),
  } as unknown as DeliveryQueue
  return listen(createNodeHandler(makeReceiver({ queue })))
}
