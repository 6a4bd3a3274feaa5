import { printable } from '../shared/printable.ts'
import type { AttemptCode } from '../shared/types.ts'
import type { AttemptPlan } from './attempt-plan.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import type { Answer, Send } from './node-send.ts'

/** One delivery attempt, ready to go. */
export interface Outgoing {
  readonly uri: string
  readonly headers: Record<string, string>
  readonly body: Uint8Array<ArrayBuffer>
  /** Wall-clock milliseconds until the attempt counts as failed. */
  readonly timeoutMs: number
  /** Aborts the attempt from outside. */
  readonly signal: AbortSignal
  readonly plan: AttemptPlan
  /** How to send to the URI, or `undefined` when no delivery may go there. */
  readonly findSend: (uri: string) => Promise<Send | undefined>
}

/** How an attempt went; without a `code` it was acknowledged. */
export interface Outcome {
  readonly status?: number
  readonly code?: AttemptCode
  readonly answer?: string
  /** Why there is no answer, in the runtime's words, or what is wrong with its status. */
  readonly reason?: string
  /** The receiver's `Retry-After`, as sent. */
  readonly retryAfter: string | null
}

// Enough to show what went wrong; a receiver cannot fill the sender's memory.
const MAX_ANSWER_BYTES = 16 * 1024

const LOST: Outcome = { code: 'connection_failed', retryAfter: null }

/** Sends one attempt and never rejects: whatever happens is an outcome. */
export async function sendAttempt(outgoing: Outgoing): Promise<Outcome> {
  const { copies, isDropped, losesAnswer } = outgoing.plan
  if (isDropped) return LOST
  const endsAt = performance.now() + outgoing.timeoutMs
  let outcome = await sendOnce(outgoing)
  for (let copy = 1, next = outcome; copy < copies && !outgoing.signal.aborted; copy += 1) {
    // A receiver that hangs would hold up its other deliveries for as many deadlines as there are copies.
    if (next.code === 'timeout' || performance.now() >= endsAt) break
    next = await sendOnce(outgoing)
    // One that was acknowledged is acknowledged, whatever became of its copies.
    if (outcome.code !== undefined) outcome = next
  }
  return losesAnswer && outcome.status !== undefined ? LOST : outcome
}

async function sendOnce(outgoing: Outgoing): Promise<Outcome> {
  // A deadline of its own for each attempt: one shared over the retries would run out on the first.
  const deadline = startDeadline(outgoing.timeoutMs, outgoing.signal)
  try {
    const send = await deadline.race(outgoing.findSend(outgoing.uri))
    if (send === undefined) return { code: 'target_blocked', retryAfter: null }
    const { uri, headers, body } = outgoing
    const request = { method: 'POST', headers, body, redirect: 'manual', signal: deadline.signal } as const
    return await toOutcome(await deadline.race(send(uri, request)), deadline)
  } catch (error) {
    if (outgoing.signal.aborted) return { code: 'closed', retryAfter: null }
    if (deadline.signal.aborted) return { code: 'timeout', retryAfter: null }
    return { code: 'connection_failed', reason: reasonOf(error), retryAfter: null }
  } finally {
    deadline.clear()
  }
}

async function toOutcome(response: Answer, deadline: Deadline): Promise<Outcome> {
  const code = codeOf(response)
  return {
    status: response.status,
    ...(code && { code }),
    ...(response.reason && { reason: response.reason }),
    answer: await readAnswer(response, deadline),
    retryAfter: response.headers.get('retry-after'),
  }
}

function codeOf({ status }: Answer): AttemptCode | undefined {
  if (status >= 200 && status < 300) return undefined
  return status >= 300 && status < 400 ? 'redirect' : 'http_status'
}

/** Reads the start of an answer. Its head has decided the outcome, so a broken body changes nothing. */
async function readAnswer(response: Answer, deadline: Deadline): Promise<string> {
  const decoder = new TextDecoder()
  const reader = response.body?.getReader()
  let text = ''
  let left = MAX_ANSWER_BYTES
  try {
    while (reader !== undefined && left > 0) {
      const { done, value } = await deadline.race(reader.read())
      if (done) return text + decoder.decode()
      text += decoder.decode(value.subarray(0, left), { stream: true })
      left -= value.byteLength
    }
  } catch {}
  reader?.cancel().catch(() => {})
  return text
}

const MAX_REASON = 300

/** Why something failed, in one line. */
export function reasonOf(error: unknown): string {
  const { message = '', code = '', cause } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  // Of several addresses, or of `fetch`, only the code or the cause says anything.
  const inner = cause instanceof Error ? reasonOf(cause) : ''
  const text = [message || String(code || error), inner].filter((part) => part !== '').join(': ')
  return printable(text).slice(0, MAX_REASON)
}
