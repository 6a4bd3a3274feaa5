import type { Attempt, Delivery } from '../api/types.ts'

/** What came of an attempt, in a few words. */
export function outcomeOf({ status, code, durationMs }: Attempt): string {
  if (durationMs === undefined) return 'running'
  if (code === undefined || code === 'http_status') return String(status ?? 'done')
  return code.replaceAll('_', ' ')
}

/** Why an attempt failed and what to do, in one sentence; `undefined` when it did not. */
export function reasonOf(attempt: Attempt): string | undefined {
  const { code, status, uri, reason } = attempt
  const because = reason === undefined ? '' : ` (${reason})`
  switch (code) {
    case undefined:
      return undefined
    case 'http_status':
      return (
        STATUS_REASONS[status ?? 0] ?? `The receiver answered ${status}; only a 2xx acknowledges a delivery.`
      )
    case 'redirect':
      return `The receiver answered with a redirect (${status}), which is never followed. Register the final URL.`
    case 'timeout':
      return 'The receiver did not answer in time. Acknowledge first, then work: use a queue.'
    case 'connection_failed':
      return `Nothing answered at ${uri}${because}. Is the receiver running, and on this port?`
    case 'target_blocked':
      return 'The emulator delivers to this machine only. The option allowRemote opens it.'
    case 'request_failed':
      return `The request could not be made, so nothing was sent${because}.`
    case 'closed':
      return 'The emulator was closed during this attempt; it is made again.'
    default:
      return code.replaceAll('_', ' ')
  }
}

const STATUS_REASONS: Readonly<Record<number, string>> = {
  400: 'The receiver found the headers or the body malformed. See its answer.',
  401: 'The receiver could not verify the signature. Compare its secret with the one of this webhook, below.',
  403: 'The receiver verified the delivery and does not know the job (no valid job token).',
  404: 'The receiver has nothing at this path. Compare the path of the webhook with its route.',
  405: 'The receiver does not take POST at this path.',
  409: 'Another attempt of this delivery is being handled right now.',
  413: 'The body is larger than the receiver accepts.',
  415: 'The receiver does not accept this content type or encoding.',
  429: 'The receiver wants fewer deliveries at a time.',
  500: 'The receiver failed: usually its handler threw. Its log has the error.',
  503: 'The receiver cannot take deliveries now: it is full, draining, or its store is down.',
}

/** A delivery's state in the words of the page. */
export const STATE_WORDS: Readonly<Record<Delivery['state'], string>> = {
  pending: 'pending',
  acked: 'delivered',
  exhausted: 'given up',
  disabled: 'webhook off',
}

/** How a state is coloured; the word says the same. */
export function toneOf(state: string, code?: string): Tone {
  if (state === 'acked' || state === 'done' || state === 'enabled') return 'good'
  if (state === 'exhausted' || state === 'dead' || state.startsWith('disabled_')) return 'bad'
  if (state === 'pending' || state === 'retrying' || state === 'running') return code ? 'warn' : 'busy'
  return 'calm'
}

/** A colour with a meaning. */
export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'calm'
