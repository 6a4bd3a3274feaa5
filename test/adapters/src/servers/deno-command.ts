// For `deno serve`, which listens by itself.
import { createDenoHandler } from '@gwh/deno'
import { listening, receiver } from '../process.ts'
import { PATH } from '../subject.ts'

export default {
  fetch: createDenoHandler(receiver, { path: PATH }),
  onListen: ({ port }: { port: number }) => listening(port),
}
