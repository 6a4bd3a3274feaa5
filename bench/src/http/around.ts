import { createServer, type RequestListener } from 'node:http'
import { createReceiver, type Receiver, type ReceiverOptions } from '@gwh/core'
import { SECRET } from '../deliveries.ts'

/** What a server may keep its deliveries in. */
export interface Around {
  folder: string
  redisUrl: string
}

/** Starts a server and resolves to its port. */
export type StartServer = (around: Around) => Promise<number>

/** A receiver with one handler. */
export function makeReceiver(more: Partial<ReceiverOptions> = {}): Receiver {
  return createReceiver({ static: { secrets: SECRET }, ...more }).on('batch.*', () => {})
}

/** Serves a listener with `node:http`. */
export function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
}
