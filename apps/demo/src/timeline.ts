import { styleText } from 'node:util'
import type { EmulatorSignal } from '@gwh/emulator'
import { exactTime, type Report, type ReportedEvent } from './report.ts'

type Actor = 'client' | 'google' | 'receiver' | 'handler' | 'demo'
type Style = Parameters<typeof styleText>[0]

const STYLES: Record<Actor, Style> = {
  client: 'blue',
  google: 'yellow',
  receiver: 'cyan',
  handler: 'green',
  demo: 'dim',
}

/** Prints what happens, with the time since the start and who did it. */
export interface Timeline {
  say(actor: Actor, text: string): void
  google(signal: EmulatorSignal): void
  receiver(report: Report): void
  /** Prints what is held back. Call it before printing anything else. */
  flush(): void
}

// Reports of the other process arrive late: lines wait this long for earlier ones, in milliseconds.
const HOLD_MS = 100

/**
 * Creates a timeline, which prints its lines in the order of their times.
 *
 * @param now The time, in epoch milliseconds
 */
export function createTimeline(print: (line: string) => void, now: () => number = exactTime): Timeline {
  const startedAt = now()
  let held: { at: number; line: string }[] = []
  const flush = (until = Number.POSITIVE_INFINITY) => {
    held.sort((a, b) => a.at - b.at)
    for (const { line } of held.filter(({ at }) => at <= until)) print(line)
    held = held.filter(({ at }) => at > until)
  }
  const say = (actor: Actor, text: string, at = now()) => {
    const time = `${((at - startedAt) / 1000).toFixed(2).padStart(6)} s`
    held.push({ at, line: `${paint('dim', time)}  ${paint(STYLES[actor], actor.padEnd(8))}  ${text}` })
    setTimeout(() => flush(now() - HOLD_MS), 2 * HOLD_MS)
  }
  return {
    say,
    google(signal) {
      const text = describeSignal(signal)
      if (text) say('google', text)
    },
    receiver(report) {
      const text = describeReport(report)
      const actor = report.type === 'result' || report.type === 'handled' ? 'handler' : 'receiver'
      if (text) say(actor, text, report.at)
    },
    flush: () => flush(),
  }
}

/** Colours on terminals that support them; plain text in pipes, in files and with NO_COLOR. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

function describeSignal(signal: EmulatorSignal): string | undefined {
  switch (signal.type) {
    case 'job_finished':
      return `${signal.kind} ${shorten(signal.jobId)} finished: ${signal.state}`
    case 'attempt_started':
      return `→ ${signal.eventType} to the ${signal.scheme} webhook, attempt ${signal.attempt}  ${shorten(signal.webhookId)}`
    case 'attempt_finished':
      return signal.status === undefined
        ? `← no answer (${signal.code}), attempt ${signal.attempt}`
        : `← ${signal.status} after ${signal.durationMs.toFixed(1)} ms, attempt ${signal.attempt}`
    case 'retry_planned':
      return `will try ${shorten(signal.webhookId)} again`
    case 'delivery_exhausted':
    case 'delivery_disabled':
      return `gave up on ${shorten(signal.webhookId)}`
    default:
      return undefined
  }
}

function describeReport(report: ReportedEvent): string | undefined {
  switch (report.type) {
    case 'listening':
      return `listening on ${report.url}`
    case 'accepted':
      return `verified (${report.scheme === 'static' ? 'HMAC v1' : 'Ed25519 v1a'}, key ${report.keyId}), on disk, acknowledged`
    case 'duplicate':
      return `verified, known already: acknowledged, not handled again`
    case 'handled':
      return `handled ${shorten(report.id)}`
    case 'result':
      return `result: ${paint('bold', report.text)}`
    case 'refused':
    case 'fault':
      return `${report.type}: ${report.code}`
    default:
      return `${report.type} ${shorten(report.id)}`
  }
}

/** Enough of an id to tell it from others. */
export function shorten(id: string): string {
  return id.length > 20 ? `${id.slice(0, 16)}…` : id
}
