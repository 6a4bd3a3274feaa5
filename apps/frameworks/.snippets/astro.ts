// astro.ts: src/pages/webhooks/gemini.ts
import type { APIRoute } from 'astro'
import { receiver } from './receiver.ts'

export const prerender = false
export const POST: APIRoute = ({ request }) => receiver.fetch(request)
