import { createBunHandler } from '@gwh/bun'
import { listening, receiver } from '../process.ts'
import { NOT_FOUND, PATH } from '../subject.ts'

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  routes: { [PATH]: createBunHandler(receiver) },
  fetch: NOT_FOUND,
})
listening(server.port!)
