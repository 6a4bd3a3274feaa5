import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

/** Registers a static webhook; the answer holds its signing secret. */
export async function register(baseUrl: string, uri: string): Promise<{ new_signing_secret: string }> {
  const response = await fetch(`${baseUrl}/v1/webhooks`, {
    method: 'POST',
    headers: { 'x-goog-api-key': 'test', 'content-type': 'application/json' },
    body: JSON.stringify({ uri, subscribed_events: ['batch.succeeded'] }),
  })
  return (await response.json()) as { new_signing_secret: string }
}

/** A port nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
