import { isEmulator, openSignals } from './client.ts'
import { sessionToken } from './session.ts'

type Listener = () => void

const listeners = new Set<Listener>()
const FIRST_WAIT_MS = 500
const LAST_WAIT_MS = 10_000
// A burst of events reads everything once.
const QUIET_MS = 150
// A queue reports nothing by itself.
const POLL_MS = 3000

let _timer: ReturnType<typeof setTimeout> | undefined

/** Whether the stream is open, for those who want to say so. */
export let isLive = false

/** Calls a listener soon after something has changed; returns how to stop. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Says that something changed here, without waiting for the server to say so. */
export function changed(): void {
  _timer ??= setTimeout(() => {
    _timer = undefined
    for (const listener of [...listeners]) listener()
  }, QUIET_MS)
}

/** Follows the emulator's signals, and opens the stream anew whenever it ends; a queue is asked again and again. */
export function follow(): void {
  if (isEmulator) void keepReading()
  setInterval(() => {
    const isOnQueue = !isEmulator || location.hash.startsWith('#/queue')
    if (isOnQueue && document.visibilityState === 'visible') changed()
  }, POLL_MS)
}

async function keepReading(): Promise<void> {
  let wait = FIRST_WAIT_MS
  // Without a session there is nothing to follow; the page says so.
  while (sessionToken() !== null) {
    const response = await openSignals(new AbortController().signal).catch(() => undefined)
    if (response?.ok && response.body) {
      wait = FIRST_WAIT_MS
      setLive(true)
      await readAll(response.body)
    }
    setLive(false)
    await new Promise((resolve) => setTimeout(resolve, wait))
    wait = Math.min(wait * 2, LAST_WAIT_MS)
  }
}

function setLive(live: boolean): void {
  isLive = live
  // What happened while nobody listened is read too.
  changed()
}

/** Reads a stream of server-sent events to its end. Only that something happened matters: the page reads the rest. */
async function readAll(body: ReadableStream<Uint8Array>): Promise<void> {
  const text = new TextDecoder()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      if (text.decode(value, { stream: true }).includes('data:')) changed()
    }
  } catch {}
}
