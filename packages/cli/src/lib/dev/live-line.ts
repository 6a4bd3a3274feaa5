import type { EmulatorSignal } from '@gwh/emulator'
import { dim, green, type Piece, red, yellow } from '../shared/paint.ts'

/** Describes a signal in one line, or not at all: what was sent, what was answered, what comes next. */
export function describeSignal(signal: EmulatorSignal): readonly Piece[] | undefined {
  const pieces = describe(signal)
  return pieces && [dim(clockTime(signal.at)), '  ', ...pieces]
}

function describe(signal: EmulatorSignal): readonly Piece[] | undefined {
  switch (signal.type) {
    case 'job_created':
      return [`    ${signal.kind} ${signal.jobId} created`]
    case 'job_finished':
      return [`    ${signal.kind} ${signal.jobId} ended: ${signal.state}`]
    case 'attempt_started':
      return [`--> ${signal.eventType} `, dim(`${signal.webhookId} attempt ${signal.attempt}`)]
    case 'attempt_finished': {
      const paint = signal.code === undefined ? green : red
      const result = paint(`[${signal.status ?? signal.code}]`)
      return ['<-- ', result, ` POST ${signal.uri} ${signal.durationMs.toFixed(0)} ms`]
    }
    case 'retry_planned':
      return [yellow(`    attempt ${signal.attempt} at ${clockTime(signal.startsAt)}`)]
    case 'delivery_exhausted':
      return [red(`    gave up on ${signal.webhookId}`)]
    default:
      return undefined
  }
}

function clockTime(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8)
}
