import type { Clock } from '../shared/clock.ts'

/** What one request for a JWKS brought: the parsed document and how long the server says it stays fresh. */
export interface FetchedJwks {
  document: unknown
  maxAgeMs: number | undefined
}

const MAX_BYTES = 64 * 1024

/**
 * Fetches a JWKS within one deadline for everything, the body included.
 *
 * Resolves to `undefined` whatever goes wrong: status other than 200, redirect, size, time, no JSON.
 */
export async function fetchJwks(
  url: URL,
  options: { fetch: typeof fetch; clock: Clock; timeoutMs: number },
): Promise<FetchedJwks | undefined> {
  const controller = new AbortController()
  const cancel = options.clock.schedule(() => controller.abort(), options.timeoutMs)
  const aborted = new Promise<undefined>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  try {
    // The race holds even where a fetch ignores its signal.
    return await Promise.race([request(url, options.fetch, controller.signal), aborted])
  } catch {
    return undefined
  } finally {
    cancel()
    controller.abort()
  }
}

async function request(
  url: URL,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<FetchedJwks | undefined> {
  const headers = { accept: 'application/json' }
  // A redirect could lead to keys of somebody else: `manual` makes it a status that is not 200.
  const response = await fetch(url, { headers, signal, redirect: 'manual', credentials: 'omit' })
  if (response.status !== 200) return undefined
  const text = await readText(response)
  return text === undefined
    ? undefined
    : { document: JSON.parse(text), maxAgeMs: readMaxAgeMs(response.headers.get('cache-control')) }
}

async function readText(response: Response): Promise<string | undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const reader = response.body?.getReader()
  if (!reader) return undefined
  let text = ''
  let length = 0
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    length += chunk.value.length
    if (length > MAX_BYTES) return undefined
    text += decoder.decode(chunk.value, { stream: true })
  }
  return text + decoder.decode()
}

function readMaxAgeMs(cacheControl: string | null): number | undefined {
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(cacheControl ?? '')?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}
