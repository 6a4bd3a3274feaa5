import { connect, type Socket } from 'node:net'
import { ContractViolation } from '../shared/assert.ts'
import { takeResponse, type WireResponse } from './wire-response.ts'

/** What happens next on a connection: a response, its end, or nothing within the time. */
export type WireEvent = WireResponse | 'closed' | 'silent'

/** A raw connection: no client library repairs what is sent. */
export interface Wire {
  /** Sends Latin-1 text, one character a byte. Resolves once the system has taken it, or the connection is gone. */
  write(text: string): Promise<void>
  /** The next response; interim ones (1xx) are skipped unless `interim` is set. */
  read(withinMs: number, options?: { bodiless?: boolean; interim?: boolean }): Promise<WireEvent>
  /** Closes the sending side. */
  finish(): void
  /** Resets the connection. */
  vanish(): void
  readonly closed: boolean
}

/** @throws ContractViolation When nothing listens there */
export async function openWire(host: string, port: number): Promise<Wire> {
  const socket = await dial(host, port)
  // A flood has many pending writes.
  socket.setMaxListeners(0)
  let received = ''
  let closed = false
  let wake = () => {}
  const end = () => {
    closed = true
    wake()
  }
  socket
    .on('data', (chunk) => {
      received += chunk.toString('latin1')
      wake()
    })
    // A server that has answered may reset the connection while we are still sending.
    .on('error', end)
    .on('end', end)
    .on('close', end)

  /** Resolves when something is received, or after the time. */
  const somethingNew = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  return {
    get closed() {
      return closed
    },
    write: (text) => new Promise((resolve) => writeTo(socket, text, resolve)),
    async read(withinMs, { bodiless = false, interim = false } = {}) {
      const until = performance.now() + withinMs
      for (;;) {
        const taken = takeResponse(received, { ended: closed, bodiless })
        if (taken) {
          received = taken.rest
          if (interim || taken.response.status === 0 || taken.response.status >= 200) return taken.response
          continue
        }
        if (closed) return 'closed'
        const left = until - performance.now()
        if (left <= 0) return 'silent'
        await somethingNew(left)
      }
    },
    finish: () => socket.end(),
    // A socket that is already closing cannot be reset: it would stay open and keep the process alive.
    vanish: () => (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy()),
  }
}

function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true })
    const fail = (error: Error) =>
      reject(new ContractViolation(`nothing listens at ${host}:${port}: ${error.message}`))
    socket.once('error', fail).once('connect', () => resolve(socket.off('error', fail)))
  })
}

function writeTo(socket: Socket, text: string, done: () => void): void {
  if (!socket.writable) {
    done()
    return
  }
  // A destroyed socket may never call back.
  socket.once('close', done)
  socket.write(text, 'latin1', () => {
    socket.off('close', done)
    done()
  })
}
