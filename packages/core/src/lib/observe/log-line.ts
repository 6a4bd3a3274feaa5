import { WebhookError } from '../shared/errors.ts'
import { cutMessage, isInstance, readThrown, type ThrownTexts } from '../shared/thrown.ts'
import type { ReceiverSignal } from './observer.ts'

/** Formats a signal as one line, without a line break. Never throws, and cuts long texts of errors. */
export function toLine(signal: ReceiverSignal): string {
  const words: unknown[] = [signal.type]
  if ('delivery' in signal) words.push(signal.delivery.id)
  if ('unverified' in signal) words.push(signal.unverified.id)
  if ('eventType' in signal) words.push(signal.eventType)
  if ('attempt' in signal) words.push(`(attempt ${signal.attempt})`)
  if ('status' in signal) words.push(signal.status)
  if ('code' in signal) words.push(signal.code)
  if ('reason' in signal) words.push(signal.reason)
  const thrown = 'error' in signal ? describeThrown(signal.type, signal.error) : undefined
  if (signal.type === 'failed') words.push(thrown?.code ?? 'handler_failed')
  if ('message' in signal) words.push(signal.message)
  if ('tried' in signal && signal.tried.length > 0) words.push(`Tried: ${signal.tried.join(', ')}`)
  if (thrown) words.push(toText(thrown))
  if (signal.type === 'fault') words.push(describeCause(signal.error))
  if ('seconds' in signal) words.push(`${signal.seconds} s`)
  // Control characters are replaced, so that an error cannot start a new line.
  return words
    .filter((word) => word !== undefined)
    .map((word) => cutMessage(String(word)))
    .join(' ')
    .replaceAll(/\p{Cc}+/gu, ' ')
}

/** A delivery is dead without an error when its last attempt ended its process; a failed one has thrown something. */
function describeThrown(type: ReceiverSignal['type'], error: unknown): ThrownTexts | undefined {
  return error === undefined && type !== 'failed' ? undefined : readThrown(error)
}

/** The cause of an error of ours, which says what the store reported. Other errors may have causes with secrets. */
function describeCause(error: unknown): string | undefined {
  if (!isInstance(error, WebhookError) || error.cause === undefined) return undefined
  return `(${toText(readThrown(error.cause))})`
}

function toText({ name, message }: ThrownTexts): string {
  return message ? `${name}: ${message}` : name
}
