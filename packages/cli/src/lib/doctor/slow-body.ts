import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isLoopback } from '../shared/loopback.ts'
import { type Finding, failed, ok, warning } from './finding.ts'

const CHECK = 'a body that never ends'
const FIX =
  'Limit how long a body may take, in the receiver and in proxies: silent senders hold connections and memory.'

/** Announces a body, sends one byte of it, and looks how long the receiver waits for the others. */
export async function checkSlowBody(url: string, timeoutMs: number): Promise<Finding> {
  const outcome = await beginBody(url, timeoutMs)
  if (outcome === 'closed') return ok(CHECK, 'the connection is closed')
  if (outcome === 408) return ok(CHECK, '408')
  if (outcome === 'silent') return warning(CHECK, `no answer within ${timeoutMs / 1_000} s`, FIX)
  const isRefusal = outcome >= 400 && outcome < 500
  return (isRefusal ? warning : failed)(CHECK, `${outcome} instead of 408`, FIX)
}

function beginBody(url: string, timeoutMs: number): Promise<number | 'closed' | 'silent'> {
  const headers = {
    'content-type': 'application/json',
    'content-length': '100',
    'webhook-id': `msg_gwh_doctor_${crypto.randomUUID()}`,
    'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
    'webhook-signature': `v1,${'A'.repeat(43)}=`,
  }
  return new Promise((resolve) => {
    // The global agent took the exceptions from proxies at Node's start; an agent of its own knows no proxy.
    const options = { method: 'POST', headers, ...(isLoopback(url) && { agent: false as const }) }
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, options)
    const timer = setTimeout(() => finish('silent'), timeoutMs)
    function finish(outcome: number | 'closed' | 'silent'): void {
      clearTimeout(timer)
      resolve(outcome)
      request.destroy()
    }
    request.on('response', ({ statusCode = 0 }) => finish(statusCode))
    // `destroy` may end in an error of its own.
    request.on('error', () => finish('closed')).on('close', () => finish('closed'))
    request.write('{')
  })
}
