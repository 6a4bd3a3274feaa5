// deno.ts
import { createDenoHandler } from '@gwh/deno'
import { receiver } from './receiver.ts'

export default { fetch: createDenoHandler(receiver, { path: '/webhooks/gemini' }) } // deno serve
