// hono.ts
import { Hono } from 'hono'
import { receiver } from './receiver.ts'

const app = new Hono()
app.post('/webhooks/gemini', (context) => receiver.fetch(context.req))

export default app
