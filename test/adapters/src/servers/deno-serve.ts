import { serve } from '@gwh/deno'
import { listening, receiver } from '../process.ts'
import { PATH } from '../subject.ts'

listening((await serve(receiver, { port: 0, hostname: '127.0.0.1', path: PATH })).port)
