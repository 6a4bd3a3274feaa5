import type { WebhookEvent } from '@gwh/core'
import type { BatchJobLike, JobClient } from '../shared/client.ts'
import { fromApi, ResultError, ResultUnavailableError } from '../shared/errors.ts'
import { readAnswer, toList, toText } from '../shared/read-answer.ts'
import type { FetchFile } from './download.ts'
import { fileOf, toFileName } from './pointer.ts'
import { type BatchRow, fileRows, inlinedRows } from './rows.ts'

/** The responses of a batch, in the order of the requests. Iterate over it; each iteration reads from the start. */
export interface BatchResult<R = object> extends AsyncIterable<BatchRow<R>> {
  /** Tells the kinds of results apart. */
  readonly kind: 'batch'
  /** The name of the batch. */
  readonly job: string
  /** The file that holds the responses; `undefined` if they are inlined in the job. */
  readonly file: string | undefined
}

/** What reading a result needs. */
export interface ResultDeps {
  client: JobClient
  fetchFile: FetchFile
  maxRowBytes: number
  signal: AbortSignal | undefined
}

/** Finds the responses of a batch. Asks the API only if the event does not name the file. */
export async function fetchBatchResult(
  job: string,
  event: WebhookEvent,
  deps: ResultDeps,
): Promise<BatchResult> {
  const { client, fetchFile, maxRowBytes, signal } = deps
  const named = fileOf(event)
  const dest = named === undefined ? await readDest(job, client, signal) : {}
  const file = named ?? (dest.fileName === undefined ? undefined : toFileName(dest.fileName))
  const inlined = dest.inlinedResponses ?? dest.inlinedEmbedContentResponses ?? []
  const rows = () =>
    file === undefined ? inlinedRows(inlined) : fileRows(() => fetchFile(file, signal), maxRowBytes)
  return { kind: 'batch', job, file, [Symbol.asyncIterator]: rows }
}

async function readDest(
  job: string,
  client: JobClient,
  signal: AbortSignal | undefined,
): Promise<NonNullable<BatchJobLike['dest']>> {
  const get = (abortSignal: AbortSignal) => client.batches.get({ name: job, config: { abortSignal } })
  const answer = await fromApi(job, get, signal, client)
  const { dest, state } = readAnswer(job, () => checkBatch(answer))
  if (dest?.fileName || dest?.inlinedResponses || dest?.inlinedEmbedContentResponses) return dest
  if (state === 'JOB_STATE_SUCCEEDED') throw new ResultError('result_not_found', `${job} has no responses`)
  // The event can be ahead of what the API shows.
  throw new ResultUnavailableError(`${job} shows no responses yet (${state})`, undefined)
}

function checkBatch(batch: BatchJobLike): BatchJobLike {
  toText(batch.dest?.fileName)
  toList(batch.dest?.inlinedResponses)
  toList(batch.dest?.inlinedEmbedContentResponses)
  return batch
}
