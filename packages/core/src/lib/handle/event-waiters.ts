import type { WebhookEvent } from '../events/event-types.ts'
import type { Clock } from '../shared/clock.ts'
import { WebhookError } from '../shared/errors.ts'
import { checkNames, invalid, wholeNumber } from '../shared/options.ts'

/** Options of `Receiver.waitFor`. */
export interface WaitOptions {
  /** How long to wait, in milliseconds. Default: without a limit. */
  timeoutMs?: number
  /** Stops waiting when it is aborted; `waitFor` then rejects with its reason. */
  signal?: AbortSignal
}

/** Passes events to the callers that wait for a job. */
export interface EventWaiters {
  /** Records an event and resolves the calls that wait for its job. Returns whether there are any. */
  seen(event: WebhookEvent): boolean
  /** Waits for an event of a job. */
  waitFor(jobName: string, options?: WaitOptions): Promise<WebhookEvent>
}

// A job can end before the call that waits for it.
const REMEMBERED = 256

/** Creates the waiters of one receiver. Remembers the last event of each of the last 256 jobs. */
export function createEventWaiters(clock: Clock): EventWaiters {
  // Jobs of different kinds can share an id.
  const last = new Map<string, KnownEvent[]>()
  const waiting = new Map<string, Set<Waiter>>()

  const remember = (id: string, latest: KnownEvent) => {
    const known = last.get(id)
    if (known) last.delete(id)
    else if (last.size >= REMEMBERED) last.delete(last.keys().next().value!)
    last.set(id, known ? [latest, ...known.filter(({ kind }) => kind !== latest.kind)] : [latest])
  }

  return {
    seen(event) {
      if (event.id === undefined) return false
      const { id, kind = kindOf(event.type) } = toJob(event.id)
      remember(id, { kind, event })
      const waiters = waiting.get(id)
      if (!waiters) return false
      const found = [...waiters].filter((waiter) => isSameKind(waiter.kind, kind))
      for (const { resolve } of found) resolve(event)
      return found.length > 0
    },
    async waitFor(jobName, options = {}) {
      const { signal, timeoutMs } = checkWait(jobName, options)
      signal?.throwIfAborted()
      const { id, kind } = toJob(jobName)
      const known = last.get(id)?.find((one) => isSameKind(one.kind, kind))
      if (known) return known.event
      const { promise, resolve, reject } = Promise.withResolvers<WebhookEvent>()
      const waiter = { kind, resolve }
      const waiters = waiting.get(id) ?? new Set()
      waiting.set(id, waiters.add(waiter))
      const onAbort = () => reject(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      const giveUp = () => reject(timedOut(jobName, timeoutMs!))
      const cancel = timeoutMs === undefined ? () => {} : clock.schedule(giveUp, timeoutMs)
      try {
        return await promise
      } finally {
        cancel()
        signal?.removeEventListener('abort', onAbort)
        waiters.delete(waiter)
        if (waiters.size === 0) waiting.delete(id)
      }
    },
  }
}

/** The collection of a job: `batches`, `operations`, `interactions`; `undefined` for a bare id. */
type JobKind = string | undefined

interface KnownEvent {
  kind: JobKind
  event: WebhookEvent
}

interface Waiter {
  kind: JobKind
  resolve: (event: WebhookEvent) => void
}

/**
 * Events and the API name one job differently (`x`, `batches/x`, `operations/x`, `models/m/operations/x`), but all end
 * with its id, and longer names have its kind before that.
 */
function toJob(name: string): { id: string; kind: JobKind } {
  const end = name.lastIndexOf('/')
  if (end === -1) return { id: name, kind: undefined }
  return { id: name.slice(end + 1), kind: name.slice(name.lastIndexOf('/', end - 1) + 1, end) }
}

const KINDS = new Map([
  ['batch', 'batches'],
  ['interaction', 'interactions'],
  ['video', 'operations'],
])

/** The collection of a job that an event names by a bare id. */
function kindOf(eventType: string): JobKind {
  return KINDS.get(eventType.slice(0, eventType.indexOf('.')))
}

function isSameKind(one: JobKind, other: JobKind): boolean {
  return one === undefined || other === undefined || one === other
}

function checkWait(jobName: unknown, options: WaitOptions): WaitOptions {
  checkNames(options, ['timeoutMs', 'signal'], 'waitFor()')
  if (typeof jobName !== 'string' || jobName === '') throw invalid('waitFor() takes the name of a job')
  const { timeoutMs, signal } = options
  return {
    ...(timeoutMs !== undefined && { timeoutMs: wholeNumber('timeoutMs', timeoutMs, 0) }),
    ...(signal && { signal }),
  }
}

function timedOut(jobName: string, timeoutMs: number): WebhookError {
  return new WebhookError('wait_timeout', `no event of ${jobName} came within ${timeoutMs} ms`)
}
