import { listening, receiver } from '../process.ts'
import { isOurs, NOT_FOUND } from '../subject.ts'

Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => listening(port) }, (request) =>
  isOurs(request) ? receiver.fetch(request) : NOT_FOUND(),
)
