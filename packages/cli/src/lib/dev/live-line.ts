import type { EmulatorSignal } from '@gwh/emulator'
import type { Terminal } from '../shared/terminal.ts'

/** Describes a signal in one line, or not at all: what was sent, what was answered, what comes next. */
export function describeSignal(signal: EmulatorSignal, colors: Terminal['colors']): string | undefined {
  const text = describe(signal, colors)
  return text === undefined ? undefined : `${colors.dim(clockTime(signal.at))}  ${text}`
}

function describe(
  signal: EmulatorSignal,
  { green, red, yellow, dim }: Terminal['colors'],
): string | undefined {
  switch (signal.type) {
    case 'job_created':
      return `    ${signal.kind} ${signal.jobId} created`
    case 'job_finished':
      return `    ${signal.kind} ${signal.jobId} ended: ${signal.state}`
    case 'attempt_started':
      return `--> ${signal.eventType} ${dim(`${signal.webhookId} attempt ${signal.attempt}`)}`
    case 'attempt_finished': {
      const result = `[${signal.status ?? signal.code}]`
      const painted = signal.code === undefined ? green(result) : red(result)
      return `<-- ${painted} POST ${signal.uri} ${signal.durationMs.toFixed(0)} ms`
    }
    case 'retry_planned':
      return yellow(`    attempt ${signal.attempt} at ${clockTime(signal.startsAt)}`)
    case 'delivery_exhausted':
      return red(`    gave up on ${signal.webhookId}`)
    default:
      return undefined
  }
}

function clockTime(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8)
}
