import { Hono } from 'hono'
import { toRfc3339 } from '../events/envelope.ts'
import { notFound, splitVerb } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { type Fields, isFields, optionalText, pick, readWebhookConfig } from '../http/fields.ts'
import { toPage } from '../http/pages.ts'
import {
  type Batch,
  type BatchInput,
  type BatchMethod,
  type BatchRequest,
  type BatchResult,
  readBatchRequest,
} from '../jobs/batch.ts'
import { runBatchFile } from '../jobs/batch-file.ts'
import { runInlined } from '../jobs/batch-inlined.ts'
import { outcomeOf } from '../jobs/outcomes.ts'
import { newResourceId } from '../shared/ids.ts'
import type { Outcome } from '../shared/scenario.ts'
import type { EmulatorState } from '../state/state.ts'

const TYPE_PREFIX = 'type.googleapis.com/google.ai.generativelanguage.v1main.'

/** How Google calls the two kinds of batch. */
const TYPES: Record<BatchMethod, string> = {
  generateContent: 'GenerateContentBatch',
  embedContent: 'EmbedContentBatch',
}

/** Serves `/batches` (https://ai.google.dev/api/batch-api). */
export function batchesApi(state: EmulatorState): Hono {
  state.jobs.define<Batch>('batch', {
    produce: (batch, outcome) => produce(state, batch, outcome),
    eventData,
  })
  return new Hono()
    .get('/', (c) => c.json(list(state, c.req.query('pageSize'), c.req.query('pageToken'))))
    .get('/:id', (c) => c.json(show(state, find(state, c.req.param('id')))))
    .post('/:target', (c) => c.json(cancel(state, c.req.param('target'))))
    .delete('/:id', (c) => c.json(remove(state, c.req.param('id'))))
}

/** Carries out `models/{model}:batchGenerateContent` and `:asyncBatchEmbedContent`. */
export function createBatch(state: EmulatorState, method: BatchMethod, model: string, body: Fields) {
  const fields = isFields(body.batch) ? body.batch : {}
  const batch = state.jobs.start<Batch>({
    id: `batches/${newResourceId()}`,
    kind: 'batch',
    model: `models/${model}`,
    config: readWebhookConfig(pick(fields, 'webhookConfig'), state.settings.profile),
    input: {
      method,
      displayName: optionalText('displayName', pick(fields, 'displayName')),
      ...readSource(state, method, pick(fields, 'inputConfig')),
    },
  })
  return show(state, batch)
}

function readSource(
  state: EmulatorState,
  method: BatchMethod,
  config: unknown,
): Pick<BatchInput, 'requests' | 'fileId'> {
  const fields = isFields(config) ? config : {}
  const fileName = optionalText('inputConfig.fileName', pick(fields, 'fileName'))
  if (fileName !== undefined) return { fileId: readFileName(state, fileName) }
  const requests = isFields(fields.requests) ? fields.requests.requests : undefined
  if (!Array.isArray(requests) || requests.length === 0) {
    throw invalid("batch.inputConfig must have a 'fileName', or list requests in 'requests.requests'.")
  }
  const { inlinedRequests } = state.settings.limits
  if (requests.length > inlinedRequests) {
    throw invalid(
      `A batch has at most ${inlinedRequests} inlined requests (limits.inlinedRequests), not ${requests.length}. Put them into a file.`,
    )
  }
  return { requests: requests.map((request, index) => readInlined(method, request, index)) }
}

/** The lines of the file are checked when the batch runs, as there may be gigabytes of them. */
function readFileName(state: EmulatorState, name: string): string {
  const id = name.startsWith('files/') ? name.slice('files/'.length) : name
  if (state.files.get(id) !== undefined) return id
  throw invalid(`The input file '${name}' does not exist.`)
}

function readInlined(method: BatchMethod, value: unknown, index: number): BatchRequest {
  try {
    return readBatchRequest(method, value)
  } catch (error) {
    throw error instanceof RequestFault ? invalid(`Request ${index}: ${error.message}`) : error
  }
}

async function produce(
  state: EmulatorState,
  batch: Batch,
  outcome: Outcome,
): Promise<BatchResult | undefined> {
  if ((outcome.outcome ?? 'succeeded') !== 'succeeded') return undefined
  const { files, jobs, settings } = state
  const { respond, limits } = settings
  const { requests } = batch.input
  const isRunning = () => jobs.isRunning(batch)
  if (requests !== undefined) return runInlined(batch, requests, outcome, { respond, isRunning })
  return runBatchFile(batch, outcome, { files, respond, maxLineBytes: limits.batchLineBytes, isRunning })
}

/**
 * Thin: the event names the output only when it is a file. The guide shows a `gs://` URI, which the API has no use
 * for; this is the name that the job itself gives its output.
 */
function eventData({ end }: Batch): Fields {
  const fileId = end?.result?.fileId
  return fileId === undefined ? {} : { output_file_uri: `files/${fileId}` }
}

function cancel(state: EmulatorState, target: string) {
  const { id, verb } = splitVerb(target)
  if (verb !== 'cancel') throw notFound('Method')
  state.jobs.cancel(find(state, id).id)
  return {}
}

function remove(state: EmulatorState, id: string) {
  state.jobs.remove(find(state, id).id)
  return {}
}

// Embeddings of the default size have about 28 KB each, and a string of JavaScript's has 512 MB at most.
const MAX_LISTED_RESPONSES = 2000

function list(state: EmulatorState, size: string | undefined, token: string | undefined) {
  const page = toPage(state.jobs.all<Batch>('batch'), { size, token }, undefined, {
    of: ({ end }) => end?.result?.responses?.length ?? 0,
    max: MAX_LISTED_RESPONSES,
  })
  const operations = page.items.map((batch) => show(state, batch))
  return { ...(operations.length > 0 && { operations }), nextPageToken: page.nextToken }
}

function find(state: EmulatorState, id: string): Batch {
  const batch = state.jobs.get<Batch>('batch', `batches/${id}`)
  if (batch === undefined) throw notFound('Batch')
  return batch
}

/** Shows the operation. The SDK reads results from `metadata.output`, the guide's curl from `response`. */
function show(state: EmulatorState, batch: Batch) {
  const { id, model, input, createdAt, end } = batch
  const changedAt = toRfc3339(end?.at ?? createdAt)
  const type = `${TYPE_PREFIX}${TYPES[input.method]}`
  const output = end?.result && showOutput(end.result)
  return {
    name: id,
    metadata: {
      '@type': type,
      model,
      displayName: input.displayName,
      state: end ? outcomeOf('batch', end.outcome)!.state : runningState(state, batch),
      createTime: toRfc3339(createdAt),
      updateTime: changedAt,
      endTime: end && changedAt,
      batchStats: stats(batch),
      name: id,
      output,
    },
    done: end && true,
    error: output === undefined ? end?.error : undefined,
    response: output && { '@type': `${type}Output`, ...output },
  }
}

function showOutput({ responses, fileId }: BatchResult): Fields {
  if (fileId !== undefined) return { responsesFile: `files/${fileId}` }
  return { inlinedResponses: { inlinedResponses: responses } }
}

/** Pending for the first quarter of its time, so that a poller sees both states. */
function runningState(state: EmulatorState, { createdAt, dueAt }: Batch) {
  const elapsed = state.clock.now() - createdAt
  return elapsed * 4 < dueAt - createdAt ? 'BATCH_STATE_PENDING' : 'BATCH_STATE_RUNNING'
}

/** Counts as JSON writes 64-bit integers: as text. How many requests a file has is known at the end. */
function stats({ input, end }: Batch): Fields | undefined {
  if (end?.result !== undefined) {
    const { requestCount, failedCount } = end.result
    return {
      requestCount: String(requestCount),
      successfulRequestCount: String(requestCount - failedCount),
      ...(failedCount > 0 && { failedRequestCount: String(failedCount) }),
    }
  }
  const count = input.requests && String(input.requests.length)
  return count === undefined ? undefined : { requestCount: count, pendingRequestCount: count }
}

function invalid(message: string): RequestFault {
  return new RequestFault('invalid_request', message)
}
