// sveltekit.ts: src/routes/webhooks/gemini/+server.ts
import type { RequestHandler } from '@sveltejs/kit'
import { receiver } from './receiver.ts'

export const POST: RequestHandler = ({ request }) => receiver.fetch(request)
