import { listening, receiver } from '../process.ts'
import { isOurs, NOT_FOUND } from '../subject.ts'

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request) => (isOurs(request) ? receiver.fetch(request) : NOT_FOUND()),
})
listening(server.port)
