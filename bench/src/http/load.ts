import { createHmac, randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { nowSeconds, SECRET } from '../deliveries.ts'

const key = Buffer.from(SECRET.slice(6), 'base64')

/** A signed delivery as the bytes of one HTTP request; its id is new. */
export function makeRequest(body: Buffer): Buffer {
  const id = `msg_${randomUUID()}`
  const timestamp = nowSeconds()
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
  const head = [
    'POST /webhooks/gemini HTTP/1.1',
    'host: localhost',
    'content-type: application/json',
    `content-length: ${body.length}`,
    `webhook-id: ${id}`,
    `webhook-timestamp: ${timestamp}`,
    `webhook-signature: v1,${mac}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}

const ANSWER_BYTES = 16 * 1024

/** The next request and when to send it, by `performance.now()`; `undefined` if there are no more. */
type Next = () => { request: Buffer; dueAt: number } | undefined

/** Sends requests over one connection, one after the other, and notes how long each took, in milliseconds. */
function sendAll(port: number, next: Next, times: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentAt = 0
    let text = ''
    const send = () => {
      const upcoming = next()
      if (!upcoming) {
        socket.destroy()
        return resolve()
      }
      const { request, dueAt } = upcoming
      const write = () => {
        sentAt = performance.now()
        socket.write(request)
      }
      const waitMs = dueAt - performance.now()
      if (waitMs > 0) setTimeout(write, waitMs)
      else write()
    }
    const read = (bytes: number, buffer: Uint8Array) => {
      text += Buffer.from(buffer.buffer, buffer.byteOffset, bytes).toString('latin1')
      if (isIncomplete(text)) return true
      if (!text.startsWith('HTTP/1.1 200')) reject(new Error(`answered ${text}`))
      times.push(performance.now() - sentAt)
      text = ''
      send()
      return true
    }
    // Reads into one buffer, so that the load costs less than the servers and they are always busy.
    const onread = { buffer: Buffer.alloc(ANSWER_BYTES), callback: read }
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread }, send)
    socket.on('error', reject)
    socket.on('end', () => reject(new Error(`closed after ${text}`)))
  })
}

function isIncomplete(text: string): boolean {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return true
  const length = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0)
  return text.length < head + 4 + length
}

/** Sends all requests over that many connections; resolves to how long each took, in milliseconds. */
export async function load(port: number, requests: Buffer[], connections: number): Promise<number[]> {
  return await loadAtPace(port, requests, connections, Number.POSITIVE_INFINITY)
}

/** The same at a steady pace, so that a connection waits between its requests. */
export async function loadAtPace(
  port: number,
  requests: Buffer[],
  connections: number,
  perSecond: number,
): Promise<number[]> {
  const startedAt = performance.now()
  let sent = 0
  const next: Next = () => {
    const request = requests[sent]
    return request && { request, dueAt: startedAt + (sent++ / perSecond) * 1_000 }
  }
  const times: number[] = []
  await Promise.all(Array.from({ length: connections }, () => sendAll(port, next, times)))
  return times
}
