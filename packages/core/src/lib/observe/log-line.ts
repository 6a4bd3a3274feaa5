import type { ReceiverSignal } from './observer.ts'

/** Formats a signal as one line, without a line break. */
export function toLine(signal: ReceiverSignal): string {
  const words: unknown[] = [signal.type]
  if ('delivery' in signal) words.push(signal.delivery.id)
  if ('unverified' in signal) words.push(signal.unverified.id)
  if ('eventType' in signal) words.push(signal.eventType)
  if ('attempt' in signal) words.push(`(attempt ${signal.attempt})`)
  if ('status' in signal) words.push(signal.status)
  if ('code' in signal) words.push(signal.code)
  if ('reason' in signal) words.push(signal.reason)
  if (signal.type === 'failed') words.push(Object(signal.error).code ?? 'handler_failed')
  if ('message' in signal) words.push(signal.message)
  if ('tried' in signal && signal.tried.length > 0) words.push(`Tried: ${signal.tried.join(', ')}`)
  if ('error' in signal) words.push(signal.error)
  if ('seconds' in signal) words.push(`${signal.seconds} s`)
  // Control characters are replaced, so that an error cannot start a new line.
  return words
    .filter((word) => word !== undefined)
    .join(' ')
    .replaceAll(/\p{Cc}+/gu, ' ')
}
