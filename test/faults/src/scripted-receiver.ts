import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A receiver in this process that remembers every request. */
export interface ScriptedReceiver {
  url: string
  /** The status of every answer, by `webhook-id`, in order. */
  answers: Map<string, number[]>
  close(): void
}

/** Starts a receiver that fails the first attempts of most deliveries, up to two of each, and then takes them. */
export async function startScriptedReceiver(): Promise<ScriptedReceiver> {
  const answers = new Map<string, number[]>()
  const server = createServer((request, response) => {
    const id = String(request.headers['webhook-id'])
    request.resume()
    request.once('end', () => {
      const earlier = answers.get(id) ?? []
      const status = earlier.length < failuresOf(id) ? 500 : 200
      answers.set(id, [...earlier, status])
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    answers,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function failuresOf(id: string): number {
  return id.charCodeAt(id.length - 1) % 3
}
