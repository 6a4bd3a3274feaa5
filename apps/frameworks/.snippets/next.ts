// next.ts: app/webhooks/gemini/route.ts
import { createRouteHandler } from '@gwh/next'
import { receiver } from './receiver.ts'

export const { POST } = createRouteHandler(receiver)
