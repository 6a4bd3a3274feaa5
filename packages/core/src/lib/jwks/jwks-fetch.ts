import type { Clock } from '../shared/clock.ts'

/** The result of a successful fetch of a JWKS. */
export interface FetchedJwks {
  /** The parsed document, not yet checked. */
  document: unknown
  /** The response's `max-age`, in milliseconds; `undefined` if it has none. */
  maxAgeMs: number | undefined
}

/** The result of a failed fetch. */
export interface FailedFetch {
  /** The reason, without any text of the response. */
  failure: string
}

const MAX_BYTES = 64 * 1024

/**
 * Fetches a JWKS within one deadline, body included. Never rejects.
 *
 * Accepts only status 200 with at most 64 KiB of JSON, and follows no redirects.
 */
export async function fetchJwks(
  url: URL,
  options: { fetch: typeof fetch; clock: Clock; timeoutMs: number },
): Promise<FetchedJwks | FailedFetch> {
  const { fetch, clock, timeoutMs } = options
  const controller = new AbortController()
  const cancel = clock.schedule(() => controller.abort(), timeoutMs)
  const timedOut = new Promise<FailedFetch>((resolve) => {
    const failure = { failure: `no complete answer within ${timeoutMs} ms` }
    controller.signal.addEventListener('abort', () => resolve(failure), { once: true })
  })
  try {
    // Enforces the deadline even if `fetch` ignores its signal.
    return await Promise.race([request(url, fetch, controller.signal), timedOut])
  } catch (error) {
    return { failure: describe(error) }
  } finally {
    cancel()
    controller.abort()
  }
}

async function request(
  url: URL,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<FetchedJwks | FailedFetch> {
  const headers = { accept: 'application/json' }
  // A redirect could lead to another party's keys. With `manual` it has a status other than 200.
  const response = await fetch(url, { headers, signal, redirect: 'manual', credentials: 'omit' })
  if (response.status !== 200) return { failure: `status ${response.status}` }
  const text = await readText(response)
  if (text === undefined) return { failure: `no body, or one of more than ${MAX_BYTES} bytes` }
  const document = parse(text)
  if (document === undefined) return { failure: 'the answer is not JSON' }
  return { document, maxAgeMs: readMaxAgeMs(response.headers.get('cache-control')) }
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function readMaxAgeMs(cacheControl: string | null): number | undefined {
  const seconds = /(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])/i.exec(cacheControl ?? '')?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}

/** Describes an error by the code of its cause, such as `ECONNREFUSED`, because its message may quote anything. */
function describe(error: unknown): string {
  const { code } = Object((error as { cause?: unknown } | undefined)?.cause) as { code?: unknown }
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code)
    ? `the fetch failed (${code})`
    : 'the fetch failed'
}
