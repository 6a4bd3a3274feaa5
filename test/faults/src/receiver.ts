// One receiver in a process of its own, to be killed, stopped and starved. Prints `ready`, or `refused` and a code.
import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync, writeSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createReceiver, type ReceiverSignal } from '@gwh/core'
import type { DeliveryQueue } from '@gwh/core/queue'
import type { IdempotencyStore } from '@gwh/core/store'
import { serve } from '@gwh/node'
import { createHandler } from './handler.ts'
import { ATTEMPT_HEADER } from './post.ts'
import { type ReceiverSettings, SETTINGS } from './settings.ts'

const settings: ReceiverSettings = JSON.parse(process.env[SETTINGS] ?? '{}')
const { leaseMs, concurrency, maxAttempts, role, requestLog, settledLog, busyMs = 0 } = settings
const work = {
  leaseMs,
  concurrency,
  pollMs: 200,
  backoffMs: 200,
  ...(maxAttempts !== undefined && { maxAttempts }),
}

if (requestLog !== undefined) logRequests(requestLog)
process.on('SIGUSR2', () => {
  const end = performance.now() + busyMs
  while (performance.now() < end);
})
try {
  await start()
  writeSync(1, 'ready\n')
} catch (error) {
  writeSync(1, `refused ${(error as { code?: string }).code ?? String(error)}\n`)
  process.exit(3)
}

async function start(): Promise<void> {
  const target = await openTarget()
  const inline = 'store' in target ? { leaseMs, handlerTimeoutMs: leaseMs - 500 } : {}
  const receiver = createReceiver({ static: { secrets: settings.secret }, ...target, ...inline, observer })
  receiver.on('*', createHandler(settings))
  if (role === 'work') {
    receiver.work(work)
    return
  }
  const handles = role === 'both' && 'queue' in target
  const options = { port: settings.port, hostname: '127.0.0.1', ...(handles && { work }) }
  const running = await serve(receiver, options)
  process.once('SIGTERM', async () => {
    await running.close()
    // Open handles of a queue would keep the process alive.
    if ('queue' in target) await target.queue.close()
  })
}

function observer(signal: ReceiverSignal): void {
  if (settledLog === undefined || !('attempt' in signal)) return
  appendFileSync(settledLog, `${signal.type},${signal.delivery.id},${signal.attempt}\n`)
}

async function openTarget(): Promise<{ queue: DeliveryQueue } | { store: IdempotencyStore }> {
  // Loaded on demand: each of them is slow to load, and every restart counts.
  if (settings.mutant) return (await import('./mutations.ts')).openMutant(settings, settings.mutant)
  return (await import('./backends.ts')).openBackend(settings.backend)
}

/** A request whose head arrived must be answered; one that never left the kernel's backlog cannot be. */
function logRequests(path: string): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage }
    appendFileSync(path, `${request.headers[ATTEMPT_HEADER]}\n`)
  })
}
