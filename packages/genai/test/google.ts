import { serveFetch } from './support.ts'

/** Prepared responses by path without the API version: a response, an object, text, bytes, or a status. */
export type Answers = Record<string, (() => Response) | object | string | Uint8Array<ArrayBuffer> | number>

/** A request that reached the API. */
export interface ApiRequest {
  method: string
  path: string
  key: string | null
  body: unknown
}

/**
 * Serves prepared responses, for states that a job of the emulator does not reach.
 *
 * @param next Returns the response to a request, if it is not always the same
 */
export async function serveApi(
  answers: Answers,
  next: (path: string) => Answers[string] | undefined = () => undefined,
): Promise<{ url: string; requests: ApiRequest[] }> {
  const requests: ApiRequest[] = []
  const url = await serveFetch(async (request) => {
    const { pathname } = new URL(request.url)
    const path = pathname.replace(/^(?:\/hook)?\/v1(?:beta)?\//, '')
    const text = await request.text()
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    requests.push({ method: request.method, path, key: request.headers.get('x-goog-api-key'), body })
    return toResponse(next(path) ?? answers[path] ?? 404)
  })
  return { url, requests }
}

function toResponse(answer: Answers[string]): Response {
  if (typeof answer === 'function') return (answer as () => Response)()
  if (typeof answer === 'number') {
    return Response.json({ error: { code: answer, message: 'refused', status: 'X' } }, { status: answer })
  }
  if (typeof answer === 'string' || answer instanceof Uint8Array) return new Response(answer as BodyInit)
  return Response.json(answer)
}

export const batch = (state: string, output?: object) => ({
  name: 'batches/one',
  metadata: { state: `BATCH_STATE_${state}`, name: 'batches/one', output },
  done: true,
})
