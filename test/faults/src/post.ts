import { Agent, request } from 'node:http'
import { signStatic } from '@gwh/core/sign'

/** Numbers every attempt, so that both ends can identify it. */
export const ATTEMPT_HEADER = 'x-attempt'

/** One attempt at a delivery, and its outcome. */
export interface Attempt {
  id: string
  number: number
  startedAt: number
  endedAt: number
  /** 0 when the connection broke or was refused. */
  status: number
  /** What a 200 says: `accepted` or `duplicate`. */
  verdict: string
}

/** Where and what to post. */
export interface PostTarget {
  port(): number
  secret: string
  body: string
}

const ANSWER_MS = 15_000
let attempts = 0

/** Makes the function that signs and posts a delivery once. Never rejects. */
export function createPost({ port, secret, body }: PostTarget): (id: string) => Promise<Attempt> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  return async (id) => {
    const number = ++attempts
    const headers = await signedHeaders(id, secret, body)
    const startedAt = performance.now()
    const { status, text } = await exchange(agent, port(), { ...headers, [ATTEMPT_HEADER]: number }, body)
    return { id, number, startedAt, endedAt: performance.now(), status, verdict: verdictOf(status, text) }
  }
}

async function signedHeaders(id: string, secret: string, body: string) {
  const timestamp = Math.floor(Date.now() / 1000)
  return {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': await signStatic({ id, timestamp, body, secrets: secret }),
  }
}

function exchange(
  agent: Agent,
  port: number,
  headers: Record<string, string | number>,
  body: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const broken = () => resolve({ status: 0, text: '' })
    const options = { host: '127.0.0.1', port, method: 'POST', path: '/', agent, headers, timeout: ANSWER_MS }
    const posted = request(options, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += String(chunk)
      })
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.once('error', broken)
      response.once('close', broken)
    })
    posted.once('error', broken)
    posted.once('timeout', () => posted.destroy())
    posted.end(body)
  })
}

function verdictOf(status: number, text: string): string {
  return status === 200 ? String(JSON.parse(text).status) : ''
}
