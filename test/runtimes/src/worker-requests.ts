// A Worker whose receiver outlives its requests, as every Worker's does: one isolate, many requests.

import { createReceiver } from '@gwh/core'
import { createJwks } from '@gwh/core/jwks'
import vectors from '../../../packages/core/test/vectors.json' with { type: 'json' }

// Short, so that a test waits for an abandoned fetch only briefly.
const jwks = createJwks('https://keys.example/jwks.json', { timeoutMs: 1_000 })
const receiver = createReceiver({
  dynamic: { jwks, allowAnyJob: true },
  now: () => Number(vectors.timestamp) * 1000,
})

const deliver = () =>
  receiver.receive({
    headers: {
      'webhook-id': vectors.id,
      'webhook-timestamp': vectors.timestamp,
      'webhook-signature': vectors.v1a.header,
    },
    body: new TextEncoder().encode(vectors.body),
  })

export default {
  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === '/leave') {
      void deliver()
      // Answered once the keys have been asked for: this request ends with that fetch pending.
      return await fetch('https://keys.example/asked')
    }
    const { status, body } = await deliver()
    return new Response(body, { status })
  },
}
