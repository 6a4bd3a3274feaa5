import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createReceiver, type ReceiverOptions } from '@gwh/core'
import { signStatic } from '@gwh/core/sign'
import { createNodeHandler, type NodeHandlerOptions } from '@gwh/node'

export const SECRET = 'whsec_azN2MHE3bTF4OXoyYzRiNm44bDVqMGg3ZzFmM2Q5czI='

/** A receiver mounted on a real server, and what its handler saw. */
export async function startServer(
  options: Partial<ReceiverOptions> & NodeHandlerOptions = {},
  wrap: (handler: ReturnType<typeof createNodeHandler>) => Parameters<typeof createServer>[1] = (handler) =>
    handler,
) {
  const { path, ...rest } = options
  const handled: string[] = []
  const receiver = createReceiver({ static: { secrets: SECRET }, observer: () => {}, ...rest })
  receiver.on('*', (event) => {
    handled.push(event.type)
  })
  const server = createServer(wrap(createNodeHandler(receiver, path === undefined ? {} : { path })))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { handled, port, url: `http://127.0.0.1:${port}`, close: () => close(server) }
}

function close(server: Server): Promise<unknown> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
}

let count = 0

/** A delivery as the sender makes it, with a new id. */
export async function signed(body: string | Uint8Array = '{"type":"batch.succeeded","data":{"id":"b"}}') {
  const id = `msg_${++count}`
  const timestamp = Math.floor(Date.now() / 1000)
  const signature = await signStatic({ id, timestamp, body, secrets: SECRET })
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature }
  return { method: 'POST', headers, body: typeof body === 'string' ? body : new Uint8Array(body) }
}

/** Sends bytes as they are; resolves to all the server sent until it closed the connection. */
export function sendRaw(port: number, ...parts: (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    // A server that has answered may reset the connection while we are still sending.
    socket.on('error', () => resolve(answer))
    socket.on('close', () => resolve(answer))
    for (const part of parts) socket.write(part)
  })
}

/** Opens a connection that sends bytes as they are and reads nothing until it is told to. */
export function openUnread(port: number) {
  const socket = connect(port, '127.0.0.1').pause()
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  return {
    /** Resolves when the system has taken the bytes, or the connection is gone. */
    send: (text: string) => new Promise<void>((resolve) => socket.write(text, () => resolve())),
    /** Reads until the server closes the connection; resolves to all it sent. */
    async readAll() {
      socket.resume()
      await closed
      return answer
    },
  }
}
