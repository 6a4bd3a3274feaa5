import { createJwks, type Jwks, type JwksOptions } from '@gwh/core/jwks'
import { createFakeClock, type FakeClock, JWKS } from './support.ts'

export const JWKS_URL = 'https://keys.example/jwks.json'
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

/** A key server whose answers the test sets, and how often it was called. */
export interface JwksServer {
  fetches: number
  answer: () => Response | Promise<Response>
}

export function toJwksResponse(
  served: { document?: unknown; maxAge?: number | string; status?: number } = {},
): Response {
  const { document = JWKS, maxAge, status = 200 } = served
  return new Response(typeof document === 'string' ? document : JSON.stringify(document), {
    status,
    headers: maxAge === undefined ? {} : { 'cache-control': `public, max-age=${maxAge}, must-revalidate` },
  })
}

export const down = () => toJwksResponse({ status: 500 })

/** A cache in front of such a server, on a fake clock. */
export function createServedJwks(options: JwksOptions = {}): {
  clock: FakeClock
  server: JwksServer
  jwks: Jwks
} {
  const clock = createFakeClock()
  const server: JwksServer = { fetches: 0, answer: () => toJwksResponse() }
  const fetch = async () => {
    server.fetches++
    return await server.answer()
  }
  return { clock, server, jwks: createJwks(JWKS_URL, { clock, fetch, ...options }) }
}

/** The ids of the keys a cache gives out; `undefined` when it has none. */
export async function keyIdsOf(jwks: Jwks): Promise<string[] | undefined> {
  return (await jwks.keys())?.ed25519.map(({ keyId }) => keyId)
}

/** A document with one of the three keys. */
export const onlyKey = (index: number) => ({ keys: [JWKS.keys[index]!] })
