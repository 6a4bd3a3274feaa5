import type { ReceiverSignal } from '@gwh/core'

/** One line for each thing that happens: what, to which delivery, with which code, and why. */
export function log(signal: ReceiverSignal): void {
  const words: unknown[] = [signal.type]
  if ('delivery' in signal) words.push(signal.delivery.id)
  if ('eventType' in signal) words.push(signal.eventType)
  if ('attempt' in signal) words.push(`(attempt ${signal.attempt})`)
  if ('status' in signal) words.push(signal.status)
  if ('code' in signal) words.push(signal.code)
  if ('reason' in signal) words.push(signal.reason)
  if (signal.type === 'failed') words.push(Object(signal.error).code ?? 'handler_failed')
  if ('message' in signal) words.push(signal.message)
  if ('error' in signal) words.push(signal.error)
  if ('seconds' in signal) words.push(signal.seconds)
  // Whatever an error says, it stays on its line.
  console.log(words.join(' ').replaceAll(/\p{Cc}+/gu, ' '))
}
