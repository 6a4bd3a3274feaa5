import { createHmac, randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { NOW_SECONDS, SECRET } from '../deliveries.ts'

const key = Buffer.from(SECRET.slice(6), 'base64')

/** A signed delivery as the bytes of one HTTP request; its id is new. */
export function makeRequest(body: Buffer): Buffer {
  const id = `msg_${randomUUID()}`
  const mac = createHmac('sha256', key).update(`${id}.${NOW_SECONDS}.`).update(body).digest('base64')
  const head = [
    'POST /webhooks/gemini HTTP/1.1',
    'host: localhost',
    'content-type: application/json',
    `content-length: ${body.length}`,
    `webhook-id: ${id}`,
    `webhook-timestamp: ${NOW_SECONDS}`,
    `webhook-signature: v1,${mac}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}

/** Sends requests over one connection, one after the other, and returns how long each took, in milliseconds. */
async function sendAll(port: number, next: () => Buffer | undefined): Promise<number[]> {
  const socket = connect(port, '127.0.0.1').setNoDelay()
  const answers = readAnswers(socket)
  const times: number[] = []
  for (let request = next(); request; request = next()) {
    const start = performance.now()
    socket.write(request)
    const status = (await answers.next()).value
    if (status !== 200) throw new Error(`answered ${status}`)
    times.push(performance.now() - start)
  }
  socket.destroy()
  return times
}

/** The status of each answer on a connection. */
async function* readAnswers(socket: Socket): AsyncGenerator<number> {
  let text = ''
  for await (const chunk of socket) {
    text += (chunk as Buffer).toString('latin1')
    for (let end = endOfAnswer(text); end > 0; end = endOfAnswer(text)) {
      yield Number(text.slice(9, 12))
      text = text.slice(end)
    }
  }
}

function endOfAnswer(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return 0
  const end = head + 4 + Number(/content-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
  return text.length >= end ? end : 0
}

/** Sends all requests over that many connections; resolves to how long each took, in milliseconds. */
export async function load(port: number, requests: Buffer[], connections: number): Promise<number[]> {
  let sent = 0
  const next = () => requests[sent++]
  const times = await Promise.all(Array.from({ length: connections }, () => sendAll(port, next)))
  return times.flat()
}
