// h3.ts: server/routes/webhooks/gemini.post.ts
import { defineEventHandler } from 'h3'
import { receiver } from './receiver.ts'

export default defineEventHandler((event) => receiver.fetch(event.req))
