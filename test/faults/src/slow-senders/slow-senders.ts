import { connect, type Socket } from 'node:net'

/** How bodies are withheld. */
export interface Slowness {
  /** Whether a byte is sent now and then, or nothing at all. */
  trickle: boolean
  /** Whether the headers declare the largest accepted length, or none. */
  declared: boolean
}

/** Connections that never finish a body. */
export interface SlowSenders {
  /** Resolves once every connection has sent its headers. */
  readonly open: Promise<unknown>
  /** How often a connection was ended and opened again. */
  reopened(): number
  close(): void
}

const TRICKLE_MS = 500
const REOPEN_MS = 500
const MAX_BODY_BYTES = 1024 * 1024

/** Opens `count` connections that get as far as a body without a secret, and reopens those that are ended. */
export function startSlowSenders(port: number, count: number, slowness: Slowness): SlowSenders {
  const sockets = new Set<Socket>()
  let reopened = 0
  let closed = false

  const open = (number: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(renderHead(number, slowness), () => resolve())
    })
    const timer = slowness.trickle
      ? setInterval(() => socket.write(slowness.declared ? 'x' : '1\r\nx\r\n'), TRICKLE_MS)
      : undefined
    sockets.add(socket)
    socket.on('data', () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => {
      clearInterval(timer)
      sockets.delete(socket)
      if (closed) return resolve()
      setTimeout(() => {
        if (closed) return
        reopened++
        open(number).then(resolve)
      }, REOPEN_MS)
    })
    return promise
  }
  return {
    open: Promise.all(Array.from({ length: count }, (_, number) => open(number))),
    reopened: () => reopened,
    close() {
      closed = true
      for (const socket of sockets) socket.destroy()
    },
  }
}

function renderHead(number: number, { declared }: Slowness): string {
  const lines = [
    'POST / HTTP/1.1',
    'host: 127.0.0.1',
    'content-type: application/json',
    declared ? `content-length: ${MAX_BODY_BYTES}` : 'transfer-encoding: chunked',
    `webhook-id: slow_${number}`,
    `webhook-timestamp: ${Math.floor(Date.now() / 1000)}`,
    'webhook-signature: v1,AAAA',
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}
