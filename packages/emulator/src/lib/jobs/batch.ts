import { RequestFault } from '../http/faults.ts'
import { type Fields, isFields } from '../http/fields.ts'
import type { Respond } from '../shared/respond.ts'
import type { JobError, Outcome } from '../shared/scenario.ts'
import { answer, generatedContent, messageOf, promptText } from './answers.ts'
import { embed } from './embeddings.ts'
import type { JobRecord } from './job.ts'

/** What the requests of a batch ask of the model. */
export type BatchMethod = 'generateContent' | 'embedContent'

/** One request of a batch. */
export interface BatchRequest {
  readonly request: Fields
  /** Names a line of an input file; comes back with its answer. */
  readonly key?: string | undefined
  /** Comes back with the answer of an inlined request. */
  readonly metadata?: unknown
}

/** What a batch was asked: `requests`, or what is in the file `fileId`. */
export interface BatchInput {
  readonly method: BatchMethod
  readonly displayName: string | undefined
  readonly requests?: readonly BatchRequest[] | undefined
  readonly fileId?: string | undefined
}

/** What came of a batch: `responses` as the API shows them, or the file `fileId` with one of them a line. */
export interface BatchResult {
  readonly requestCount: number
  readonly failedCount: number
  readonly responses?: readonly Fields[]
  readonly fileId?: string
}

/** A batch job. */
export type Batch = JobRecord<'batch', BatchInput, BatchResult>

/**
 * Checks one request of a batch.
 *
 * @throws RequestFault that says what is wrong, but not with which request
 */
export function readBatchRequest(method: BatchMethod, value: unknown): BatchRequest {
  if (!isFields(value) || !isFields(value.request)) throw invalid("'request' must be an object.")
  const { request, key, metadata } = value
  if (key !== undefined && typeof key !== 'string') throw invalid("'key' must be a string.")
  if (method === 'generateContent' && !Array.isArray(request.contents)) {
    throw invalid("'request.contents' must list contents.")
  }
  if (method === 'embedContent' && !isFields(request.content)) {
    throw invalid("'request.content' must be an object.")
  }
  return { request, key, metadata }
}

/** A request of a batch, and what decides its answer. */
export interface BatchTask {
  readonly batch: Batch
  readonly asked: BatchRequest
  /** Which request it is, from 0. */
  readonly index: number
  readonly outcome: Outcome
  readonly respond: Respond
}

const REQUEST_FAILED: JobError = { code: 13, message: 'Internal error encountered.' }

/** Answers one request: with a `response`, or with the `error` that makes it fail while the others succeed. */
export async function answerBatchRequest(task: BatchTask): Promise<Fields> {
  const { outcome, index } = task
  if (outcome.failedRequests?.includes(index)) return { error: outcome.error ?? REQUEST_FAILED }
  try {
    return { response: await respondTo(task) }
  } catch (error) {
    return { error: { code: error instanceof RequestFault ? 3 : 13, message: messageOf(error) } }
  }
}

async function respondTo({ batch, asked, outcome, respond }: BatchTask): Promise<Fields> {
  const { request, key, metadata } = asked
  if (batch.input.method === 'embedContent') return { embedding: embed(request) }
  const model = batch.model!.slice('models/'.length)
  const prompt = promptText(request.contents)
  const text =
    outcome.output ?? (await answer(respond, { kind: 'batch', model, prompt, request, key, metadata }))
  return generatedContent(model, prompt, text)
}

function invalid(message: string): RequestFault {
  return new RequestFault('invalid_request', message)
}
