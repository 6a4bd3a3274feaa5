import { createNodeHandler } from '@gwh/node'
import { listen, makeReceiver } from './around.ts'
import { isGenuine } from './by-hand.ts'
/** Verifies by hand and parses, but checks and stores nothing else. The limit that all ratios refer to. */
export function bare(accept) {
  return (request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
      const header = (name) => request.headers[name]
      if (!isGenuine(header, body)) return response.writeHead(401).end()
      JSON.parse(body.toString('utf8'))
      accept?.(header('webhook-id'), body)
      response.writeHead(200, { 'content-length': 2 }).end('ok')
    })
  }
}
export const byHand = () => listen(bare())
export const inline = () => listen(createNodeHandler(makeReceiver()))
export const emptyQueue = () => {
  const queue = { enqueue: async () => 'enqueued', stats: async () => ({}) }
  return listen(createNodeHandler(makeReceiver({ queue })))
}
