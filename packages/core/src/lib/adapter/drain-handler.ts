import { primitives } from '#crypto'
import { answerFor, toResponse } from '../http/answer.ts'
import { DRAIN_MS } from '../receiver/after-answer.ts'
import type { Receiver } from '../receiver/receiver.ts'
import { equalText } from '../shared/bytes.ts'
import { WebhookError } from '../shared/errors.ts'
import { checkNames, invalid, wholeNumber } from '../shared/options.ts'
import { isInstance } from '../shared/thrown.ts'

/** Options of `createDrainHandler`. */
export interface DrainHandlerOptions {
  /**
   * The token that callers send as `Authorization: Bearer …`. A function is called for each request, for variables that
   * are not set when the module is loaded. While it returns nothing, every request is refused.
   */
  secret: string | (() => string | undefined)
  /** How long to handle deliveries, in milliseconds. Default 25,000. */
  maxMs?: number
}

/**
 * Creates an HTTP handler for cron jobs that handles queued deliveries that are due, such as retries and interrupted
 * deliveries. Answers with the number of deliveries processed.
 *
 * @param receiver A receiver with a queue
 * @throws WebhookConfigError `option_invalid`
 */
export function createDrainHandler(
  receiver: Pick<Receiver, 'drain'>,
  options: DrainHandlerOptions,
): (request: Request) => Promise<Response> {
  checkNames(options, ['secret', 'maxMs'], 'createDrainHandler()')
  const { secret } = options
  const maxMs = wholeNumber('maxMs', options.maxMs, DRAIN_MS)
  if (typeof secret !== 'function' && !secret) throw invalid('secret must be a non-empty string')
  const current = typeof secret === 'function' ? secret : () => secret
  return async (request) => toResponse(await drainOnce(receiver, request, current(), maxMs))
}

async function drainOnce(
  receiver: Pick<Receiver, 'drain'>,
  request: Request,
  secret: string | undefined,
  maxMs: number,
) {
  if (!secret || !(await presents(request, secret))) return answerFor('signature_invalid')
  try {
    const { processed } = await receiver.drain({ maxMs })
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
    return { status: 200, headers, body: JSON.stringify({ processed }) }
  } catch (error) {
    return answerFor(isInstance(error, WebhookError) ? error.code : 'internal')
  }
}

/** Compares hashes, so that timing reveals neither the length nor the text of the secret. */
async function presents(request: Request, secret: string): Promise<boolean> {
  const presented = request.headers.get('authorization') ?? ''
  const [expected, given] = await Promise.all([
    primitives.sha256Hex(`Bearer ${secret}`),
    primitives.sha256Hex(presented),
  ])
  return equalText(expected, given)
}
