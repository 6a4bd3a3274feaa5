import type { ReceiverObserver, ReceiverSignal } from './observer.ts'

/**
 * Makes an observer that logs one line for each thing that happens: what, to which delivery, with which code, and why.
 *
 * Nothing secret is in a line: no signature, no payload. A handler's own error is, as it prints itself.
 *
 * @param print Takes one line, without its end. Default `console.log`
 * @example
 * ```ts
 * const receiver = createReceiver({ static: { secrets }, observer: createLogObserver() })
 * ```
 */
export function createLogObserver(print: (line: string) => void = console.log): ReceiverObserver {
  return (signal) => print(toLine(signal))
}

function toLine(signal: ReceiverSignal): string {
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
  if ('seconds' in signal) words.push(`${signal.seconds} s`)
  // Whatever an error says, it stays on its line.
  return words
    .filter((word) => word !== undefined)
    .join(' ')
    .replaceAll(/\p{Cc}+/gu, ' ')
}
