// bun.ts
import { serve } from '@gwh/bun'
import { receiver } from './receiver.ts'

await serve(receiver, { port: 3000, path: '/webhooks/gemini' })
