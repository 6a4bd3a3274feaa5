import { systemClock } from '@gwh/core/queue'
import { ResultUnavailableError, toResultError } from '../shared/errors.ts'
import { checked, sizeCheck } from './whole-file.ts'

/**
 * The connection of a client of `@google/genai`: it is there at run time in 2.x and 3.x, and hidden in the types. The last
 * two members came with later versions of 2.x.
 */
export interface ApiClientLike {
  /** The base URL with the API version. */
  getRequestUrl(): string
  /** The headers of every request, without those that authenticate. */
  getHeaders(): Record<string, string>
  /** The headers that authenticate. */
  getAuthHeaders(): Promise<Headers>
  /** The `fetch` given to the client. */
  getFetch?(): typeof fetch | undefined
  /** The timeout of requests, in milliseconds. */
  getTimeout?(): number | undefined
}

const MOST_REDIRECTS = 5
const SIZE_TIMEOUT_MS = 30_000
const PAGE = /^\s*(?:text\/html|application\/xhtml)/i

/** Whether a value has what `openFile` needs of a client's connection. */
export function isApiClient(value: unknown): value is ApiClientLike {
  const { getRequestUrl, getHeaders, getAuthHeaders } = Object(value) as Record<string, unknown>
  return [getRequestUrl, getHeaders, getAuthHeaders].every((member) => typeof member === 'function')
}

/**
 * Opens a file of the API with the connection of a client. A timeout of the client ends with the headers of the answer,
 * because reading a large file may take longer.
 *
 * @param file `files/…`
 * @throws ResultError `result_not_found` after 404 or 410
 * @throws ResultUnavailableError `result_unavailable` for any other answer that is not the whole file
 */
export async function openFile(
  client: ApiClientLike,
  file: string,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const headers = new Headers(client.getHeaders())
  for (const [name, value] of await client.getAuthHeaders()) headers.set(name, value)
  // A compressed answer that is cut ends without an error in Node.
  headers.set('accept-encoding', 'identity')
  const url = `${client.getRequestUrl()}/${file}`
  const send = client.getFetch?.() ?? fetch
  const limit = limitTime(client.getTimeout?.(), signal)
  try {
    const response = await follow(send, new URL(`${url}:download?alt=media`), {
      headers,
      signal: limit.signal,
    })
    const body = await toBody(file, response)
    const findSize = async () => {
      if (hasKnownLength(response)) return undefined
      const time = limitTime(client.getTimeout?.() || SIZE_TIMEOUT_MS, signal)
      return await readSize(() => follow(send, new URL(url), { headers, signal: time.signal })).finally(
        time.end,
      )
    }
    return checked(body, sizeCheck(file, findSize))
  } finally {
    limit.end()
  }
}

/** Whether HTTP says where the answer ends, so that `fetch` fails for one that is cut. */
function hasKnownLength({ headers }: Response): boolean {
  if (headers.has('content-encoding')) return false
  return headers.has('content-length') || headers.has('transfer-encoding')
}

/** The size of a file as the API states it; `undefined` if it does not: it may not know the output of a batch as a file. */
async function readSize(get: () => Promise<Response>): Promise<number | undefined> {
  try {
    const { sizeBytes } = Object(await (await get()).json()) as { sizeBytes?: unknown }
    return /^\d+$/.test(String(sizeBytes)) ? Number(sizeBytes) : undefined
  } catch {
    return undefined
  }
}

/** An abort signal that follows another, and also aborts after a time unless `end` is called before. */
function limitTime(timeoutMs: number | undefined, signal: AbortSignal | undefined) {
  const controller = new AbortController()
  const giveUp = () => controller.abort(new DOMException(`no answer after ${timeoutMs} ms`, 'TimeoutError'))
  const end = timeoutMs ? systemClock.schedule(giveUp, timeoutMs) : () => {}
  return { signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal, end }
}

/** Requests a URL and follows redirects. `fetch` would send the API key to any host that a redirect names. */
async function follow(
  send: typeof fetch,
  start: URL,
  { headers, signal }: { headers: Headers; signal: AbortSignal },
): Promise<Response> {
  let [url, sent] = [start, headers]
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const response = await send(url, { headers: sent, signal, redirect: 'manual' })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status > 399 || location === null) return response
    await response.body?.cancel()
    const next = new URL(location, url)
    if (next.protocol !== 'https:' && next.protocol !== start.protocol) throw new TypeError('unsafe redirect')
    if (next.origin !== url.origin) sent = new Headers()
    url = next
  }
  throw new TypeError(`more than ${MOST_REDIRECTS} redirects`)
}

async function toBody(file: string, response: Response): Promise<ReadableStream<Uint8Array>> {
  const { status, ok, body } = response
  const type = response.headers.get('content-type') ?? ''
  // A page comes from a proxy or a login in between, never from the API.
  if (status === 200 && body && !PAGE.test(type)) return body
  await body?.cancel()
  if (!ok) throw toResultError(file, { status })
  const what = status === 200 ? `200 with ${body ? type : 'nothing'}` : `${status}`
  throw new ResultUnavailableError(
    `${file} could not be read: the API answered ${what}, not the file`,
    status,
  )
}
