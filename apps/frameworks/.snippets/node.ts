// node.ts
import { serve } from '@gwh/node'
import { receiver } from './receiver.ts'

await serve(receiver, { port: 3000, path: '/webhooks/gemini' })
