import { createDenoHandler } from '@gwh/deno'
import { listening, receiver } from '../process.ts'
import { PATH } from '../subject.ts'

Deno.serve(
  { port: 0, hostname: '127.0.0.1', onListen: ({ port }) => listening(port) },
  createDenoHandler(receiver, { path: PATH }),
)
