// Servers on Bun, run by Bun.
import { serve } from '@gwh/bun'
import { makeReceiver, type StartServer } from './around.ts'
import { isGenuine } from './by-hand.ts'

export const ours: StartServer = async () => {
  const { port } = await serve(makeReceiver(), { port: 0, hostname: '127.0.0.1', path: '/webhooks/gemini' })
  return port
}

export const byHand: StartServer = async () =>
  Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer }).port!

async function answer(request: Request): Promise<Response> {
  const body = Buffer.from(await request.arrayBuffer())
  if (!isGenuine((name) => request.headers.get(name)!, body)) return new Response(null, { status: 401 })
  JSON.parse(body.toString('utf8'))
  return new Response('ok')
}
