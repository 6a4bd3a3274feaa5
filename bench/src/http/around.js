import { createServer } from 'node:http'
import { createReceiver } from '@gwh/core'
import { SECRET } from '../deliveries.ts'
/** A receiver with one handler. */
export function makeReceiver(more = {}) {
  return createReceiver({ static: { secrets: SECRET }, ...more }).on('batch.*', () => {})
}
/** Serves a listener with `node:http`. */
export function listen(listener) {
  const server = createServer(listener)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address().port))
  })
}
