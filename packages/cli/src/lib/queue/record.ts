import type { DeliveryRecord } from '@gwh/core/queue'
import { maskText, maskValue } from './mask.ts'

/** A delivery as the commands print it: times in ISO 8601, tokens and secrets masked. */
export function toPrinted(record: DeliveryRecord) {
  return {
    ...(maskValue(describe(record)) as ReturnType<typeof describe>),
    body: toBody(record.message.body),
  }
}

/** A delivery with nothing masked; the body is the text that was received, or `bodyBase64` if it is not UTF-8. */
export function toRaw(record: DeliveryRecord) {
  return { ...describe(record), ...toRawBody(record.message.body) }
}

function describe(record: DeliveryRecord) {
  const { message, event, history, lastError, ...rest } = record
  return {
    key: message.key,
    id: message.id,
    endpoint: message.endpoint,
    state: rest.state,
    reason: rest.reason,
    type: event?.type,
    scheme: message.scheme,
    keyId: message.keyId,
    attempts: rest.attempts,
    sentAt: toIso(message.timestamp * 1000),
    receivedAt: toIso(message.receivedAt),
    dueAt: toIso(rest.dueAt),
    settledAt: toIso(rest.settledAt),
    failedAt: toIso(rest.failedAt),
    lastError,
    history: history.map(({ failedAt, error, attempt }) => ({
      attempt,
      failedAt: toIso(failedAt),
      error,
    })),
    replay: rest.replay,
  }
}

/** The body as JSON, or as text when it is not JSON; absent when it was erased. */
function toBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined
  const text = new TextDecoder().decode(bytes)
  try {
    return maskValue(JSON.parse(text))
  } catch (error) {
    // What cannot be masked is not shown.
    return error instanceof SyntaxError
      ? maskText(text)
      : '(nested too deeply to be shown; see export --raw-file)'
  }
}

function toRawBody(bytes: Uint8Array): { body?: string; bodyBase64?: string } {
  if (bytes.length === 0) return {}
  try {
    return { body: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { bodyBase64: Buffer.from(bytes).toString('base64') }
  }
}

/** Epoch milliseconds as ISO 8601. */
export function toIso(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString()
}
