import type { EventType, KnownEvent, WebhookEvent } from '@gwh/core'
import { checkNames, wholeNumber } from '@gwh/core/options'
import type { JobClient } from '../shared/client.ts'
import { type FailureReason, JobFailedError } from '../shared/errors.ts'
import { invalid } from '../shared/options.ts'
import { type BatchResult, fetchBatchResult, type ResultDeps } from './batch-result.ts'
import { type FetchFile, toFetchFile } from './download.ts'
import { fetchInteractionResult, type InteractionResult, type PendingCalls } from './interaction-result.ts'
import type { BatchRow } from './rows.ts'
import { fetchVideoResult, type VideoResult } from './video-result.ts'

/** The outcome of a job. `kind` tells them apart. `R` is the type of a batch's responses. */
export type JobResult<R = object> = BatchResult<R> | VideoResult | InteractionResult | PendingCalls

/** The outcome of a job, by the type of its event. The events of jobs that failed have none: `fetchResult` throws. */
export type ResultFor<E extends WebhookEvent, R = object> =
  E extends KnownEvent<'batch.succeeded'>
    ? BatchResult<R>
    : E extends KnownEvent<'video.generated'>
      ? VideoResult
      : E extends KnownEvent<'interaction.completed' | 'interaction.requires_action'>
        ? InteractionResult | PendingCalls
        : E extends KnownEvent
          ? never
          : JobResult<R>

/** An event of a batch. */
export type BatchEvent = KnownEvent<Extract<EventType, `batch.${string}`>>

/** Options of `batchResults`. */
export interface ReadOptions {
  /** Opens a file as a stream. Default: the client's own connection. */
  fetchFile?: FetchFile
  /** The longest line of a batch result, in bytes; a longer one is a row with an error. Default 64 MiB. */
  maxRowBytes?: number
  /** Stops reading when it is aborted. */
  signal?: AbortSignal
}

/** Options of `fetchResult`. */
export interface FetchResultOptions extends ReadOptions {
  /** A `GoogleGenAI` client of `@google/genai` 2 or 3, of the project that created the job. */
  client: JobClient
}

const DEFAULT_ROW_BYTES = 64 * 1024 * 1024

/**
 * Fetches what an event points to: the responses of a batch, a video, the outputs of an interaction, or the function calls
 * it waits for. Nothing large is read before you ask for it.
 *
 * In a handler, let its errors pass: what a retry cannot change makes the delivery a dead letter at once, anything else is
 * tried again.
 *
 * @throws JobFailedError `job_failed` if the job ended without a result
 * @throws ResultError `result_not_found`, `result_unsupported`: permanent
 * @throws ResultUnavailableError `result_unavailable`: a retry can succeed
 * @throws WebhookConfigError `option_invalid` for an event of no job
 * @typeParam R The responses of a batch, which the API sends as plain JSON. They are not checked
 * @example
 * ```ts
 * receiver.on('batch.succeeded', async (event) => {
 *   for await (const row of await fetchResult<Answer>(event, { client })) await save(row.key, row.response)
 * })
 * ```
 */
export async function fetchResult<R extends object = object>(
  event: BatchEvent,
  options: FetchResultOptions,
): Promise<BatchResult<R>>
/** Fetches the result of an event whose type is known; see above. */
export async function fetchResult<E extends WebhookEvent>(
  event: E,
  options: FetchResultOptions,
): Promise<ResultFor<E>>
/** Fetches the result of any event, with the type of a batch's responses; see above. */
export async function fetchResult<R extends object>(
  event: WebhookEvent,
  options: FetchResultOptions,
): Promise<JobResult<R>>
export async function fetchResult(event: WebhookEvent, options: FetchResultOptions): Promise<JobResult> {
  checkNames(options, ['client', 'fetchFile', 'maxRowBytes', 'signal'], 'fetchResult()')
  const { id, type } = event
  if (id === undefined) throw invalid(`the ${type} event names no job`)
  return await resultOf(id, event, toDeps(options))
}

/**
 * Reads the responses of a batch one by one, in the order of its requests. Holds one row in memory, however large the
 * result is. A request that failed is a row with an `error`.
 *
 * @throws Like `fetchResult`, with the first row
 * @typeParam R The responses, which the API sends as plain JSON. They are not checked
 * @example
 * ```ts
 * type Answer = Pick<GenerateContentResponse, 'candidates' | 'usageMetadata'>
 * for await (const row of batchResults<Answer>(client, event)) {
 *   if (row.error) console.error(row.key, row.error.message)
 *   else await save(row.key, row.response.candidates)
 * }
 * ```
 */
export async function* batchResults<R extends object = object>(
  client: JobClient,
  event: WebhookEvent,
  options: ReadOptions = {},
): AsyncGenerator<BatchRow<R>> {
  const result = await fetchResult<R>(event, { ...options, client })
  if (result.kind !== 'batch') throw invalid(`a ${event.type} event has no batch results`)
  yield* result
}

const FAILURES = new Map<string, FailureReason>([
  ['failed', 'failed'],
  ['expired', 'expired'],
  ['cancelled', 'cancelled'],
])

async function resultOf(job: string, event: WebhookEvent, deps: ResultDeps): Promise<JobResult> {
  const [family, state = ''] = event.type.split('.')
  const reason = FAILURES.get(state)
  if (reason) throw new JobFailedError({ job, reason, ...failureOf(event) })
  if (family === 'batch') return await fetchBatchResult(job, event, deps)
  if (family === 'video') return await fetchVideoResult(job, event, deps)
  if (family === 'interaction') return await fetchInteractionResult(job, deps)
  throw invalid(`a ${event.type} event has no result`)
}

function failureOf({ data }: WebhookEvent): { errorCode?: string; errorMessage?: string } {
  const { error_code: code, error_message: message } = data
  const known = typeof code === 'string' || typeof code === 'number'
  return {
    ...(known && { errorCode: String(code) }),
    ...(typeof message === 'string' && { errorMessage: message }),
  }
}

function toDeps({ client, fetchFile, maxRowBytes, signal }: FetchResultOptions): ResultDeps {
  return {
    client,
    fetchFile: toFetchFile(client, fetchFile),
    maxRowBytes: wholeNumber('maxRowBytes', maxRowBytes, DEFAULT_ROW_BYTES),
    signal,
  }
}
