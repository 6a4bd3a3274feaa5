import { checkNames, invalid, wholeNumber } from '../shared/options.ts'
import type { DeliveryState } from './delivery-record.ts'
import type { ListOptions, ReplayFilter } from './queue.ts'

// Arguments that select deliveries are checked strictly: one that is ignored, or compared as the wrong type, selects
// all of them.

const STATES: readonly DeliveryState[] = ['pending', 'running', 'retrying', 'dead', 'done']

/**
 * Checks the options of `DeliveryQueue.list` and fills in the default limit.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkListOptions(options: ListOptions = {}): ListOptions & { limit: number } {
  checkObject(options, ['state', 'limit', 'after'], 'list()')
  const { state, after } = options
  if (state !== undefined && !STATES.includes(state))
    throw invalid(`state must be one of ${STATES.join(', ')}`)
  checkText('after', after)
  return {
    limit: wholeNumber('limit', options.limit, 100, 0),
    ...(state !== undefined && { state }),
    ...(after !== undefined && { after }),
  }
}

/**
 * Checks the argument of `DeliveryQueue.replay`.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkReplayTarget(target: string | ReplayFilter): void {
  if (typeof target === 'string') {
    checkTarget(target)
    return
  }
  checkObject(target, ['endpoint', 'type', 'receivedFrom', 'receivedUntil'], 'replay()')
  checkText('endpoint', target.endpoint)
  checkText('type', target.type)
  checkTime('receivedFrom', target.receivedFrom)
  checkTime('receivedUntil', target.receivedUntil)
}

/**
 * Checks a key, a `webhook-id` or `'all'`.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkTarget(target: string): void {
  if (typeof target !== 'string' || target === '')
    throw invalid('a delivery is named by its key or its webhook-id')
}

/**
 * Checks the options of `DeadLetters.list` and returns the limit, by default 100.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function toDeadLetterLimit(options: { limit?: number } = {}): number {
  checkObject(options, ['limit'], 'deadLetters.list()')
  return wholeNumber('limit', options.limit, 100, 0)
}

/**
 * Checks the options of `DeadLetters.purge`.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkPurgeOptions(options: { olderThan: number }): void {
  checkObject(options, ['olderThan'], 'purge()')
  if (options.olderThan === undefined) throw invalid('purge() needs olderThan')
  checkTime('olderThan', options.olderThan)
}

/**
 * Checks the time limit of `DeliveryQueue.drain` and returns it, in milliseconds; by default there is none.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function toDrainLimit(maxMs: number | undefined): number {
  return maxMs === Number.POSITIVE_INFINITY ? maxMs : wholeNumber('maxMs', maxMs, Number.POSITIVE_INFINITY)
}

function checkObject(value: object, names: readonly string[], where: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${where} takes an object`)
  checkNames(value, names, where)
}

function checkText(name: string, value: string | undefined): void {
  if (value !== undefined && typeof value !== 'string') throw invalid(`${name} must be a string`)
}

function checkTime(name: string, value: number | undefined): void {
  if (value !== undefined && (typeof value !== 'number' || Number.isNaN(value)))
    throw invalid(`${name} must be a number, in epoch milliseconds`)
}
