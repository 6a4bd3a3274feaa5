import type { DeliveryRecord } from '@gwh/core/queue'

/** Which deliveries; everything that is given must fit. */
export interface FilterFlags {
  readonly type?: string
  readonly endpoint?: string
  /** Why they are dead letters. */
  readonly reason?: string
  /** A part of the last error. */
  readonly error?: string
  /** Received at or after, and before, in epoch milliseconds. */
  readonly since?: number
  readonly until?: number
}

/** Whether anything is filtered by. */
export function isFiltered({ type, endpoint, reason, error, since, until }: FilterFlags): boolean {
  return [type, endpoint, reason, error, since, until].some((value) => value !== undefined)
}

/** Makes the test for one delivery. */
export function toFilter(flags: FilterFlags): (record: DeliveryRecord) => boolean {
  const { type, endpoint, reason, error, since = 0, until = Number.POSITIVE_INFINITY } = flags
  return ({ message, event, lastError, reason: why }) =>
    (type === undefined || event?.type === type) &&
    (endpoint === undefined || message.endpoint === endpoint) &&
    (reason === undefined || why === reason) &&
    (error === undefined || describeError(lastError).includes(error)) &&
    message.receivedAt >= since &&
    message.receivedAt < until
}

/** An error in one line. */
export function describeError(error: DeliveryRecord['lastError']): string {
  if (error === undefined) return ''
  return `${error.name}${error.code === undefined ? '' : ` ${error.code}`}: ${error.message}`
}
