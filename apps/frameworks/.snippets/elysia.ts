// elysia.ts
import { Elysia } from 'elysia'
import { receiver } from './receiver.ts'

const app = new Elysia()
app.post('/webhooks/gemini', ({ request }) => receiver.fetch(request), { parse: 'none' })

export default app
