import { Hono } from 'hono'
import { toRfc3339 } from '../events/envelope.ts'
import { notFound, readFields, splitVerb } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { type Fields, isFields, optionalText, pick, readWebhookConfig } from '../http/fields.ts'
import { toPage } from '../http/pages.ts'
import { countTokens, inventAnswer, promptText } from '../jobs/answers.ts'
import { dropJob, endJob, type Job, startJob } from '../jobs/jobs.ts'
import { newResourceId } from '../shared/ids.ts'
import type { EmulatorState } from '../state/state.ts'

type EndState = 'BATCH_STATE_SUCCEEDED' | 'BATCH_STATE_CANCELLED'

interface InlinedRequest {
  readonly prompt: string
  readonly metadata: unknown
}

interface Batch extends Job {
  readonly model: string
  readonly displayName: string | undefined
  readonly requests: readonly InlinedRequest[]
  endState?: EndState
}

type Batches = Map<string, Batch>

/** Serves `models/{model}:batchGenerateContent` and `/batches` (https://ai.google.dev/api/batch-api). */
export function batchesApi(state: EmulatorState): Hono {
  const batches: Batches = new Map()
  return new Hono()
    .post('/models/:target', async (c) => {
      const { id: model, verb } = splitVerb(c.req.param('target'))
      if (verb !== 'batchGenerateContent') throw notFound('Method')
      return c.json(create(state, batches, model, await readFields(c.req.raw)))
    })
    .get('/batches', (c) => c.json(list(state, batches, c.req.query('pageSize'), c.req.query('pageToken'))))
    .get('/batches/:id', (c) => c.json(show(state, find(batches, c.req.param('id')))))
    .post('/batches/:target', (c) => c.json(cancel(state, batches, c.req.param('target'))))
    .delete('/batches/:id', (c) => c.json(remove(state, batches, c.req.param('id'))))
}

function create(state: EmulatorState, batches: Batches, model: string, body: Fields) {
  const fields = isFields(body.batch) ? body.batch : {}
  const batch: Batch = {
    id: `batches/${newResourceId()}`,
    kind: 'batch',
    model: `models/${model}`,
    displayName: optionalText('displayName', pick(fields, 'displayName')),
    requests: readRequests(pick(fields, 'inputConfig')),
    config: readWebhookConfig(pick(fields, 'webhookConfig')),
    createdAt: state.clock.now(),
  }
  batches.set(batch.id, batch)
  startJob(state, batch, state.settings.jobs.batchMs, () => finish(state, batch, 'BATCH_STATE_SUCCEEDED'))
  return show(state, batch)
}

function readRequests(inputConfig: unknown): readonly InlinedRequest[] {
  const config = isFields(inputConfig) ? inputConfig : {}
  if (pick(config, 'fileName') !== undefined) {
    throw new RequestFault('invalid_request', 'The emulator runs inlined requests only, no input files.')
  }
  const requests = isFields(config.requests) ? config.requests.requests : undefined
  if (!Array.isArray(requests) || requests.length === 0) {
    throw new RequestFault('invalid_request', 'batch.inputConfig.requests.requests must list a request.')
  }
  return requests.map(readRequest)
}

function readRequest(value: unknown, index: number): InlinedRequest {
  const request = isFields(value) ? value.request : undefined
  if (isFields(value) && isFields(request) && Array.isArray(request.contents)) {
    return { prompt: promptText(request.contents), metadata: value.metadata }
  }
  throw new RequestFault('invalid_request', `Request ${index} has no 'request.contents'.`)
}

function finish(state: EmulatorState, batch: Batch, endState: EndState): void {
  const eventType = endState === 'BATCH_STATE_SUCCEEDED' ? 'batch.succeeded' : 'batch.cancelled'
  if (batch.endedAt === undefined) batch.endState = endState
  // Thin: for inlined requests an event names the batch and nothing else.
  endJob(state, batch, { eventType, state: endState })
}

function cancel(state: EmulatorState, batches: Batches, target: string) {
  const { id, verb } = splitVerb(target)
  if (verb !== 'cancel') throw notFound('Method')
  finish(state, find(batches, id), 'BATCH_STATE_CANCELLED')
  return {}
}

function remove(state: EmulatorState, batches: Batches, id: string) {
  const batch = find(batches, id)
  dropJob(state, batch)
  batches.delete(batch.id)
  return {}
}

function list(state: EmulatorState, batches: Batches, size: string | undefined, token: string | undefined) {
  const page = toPage(batches.values(), { size, token })
  const operations = page.items.map((batch) => show(state, batch))
  return { ...(operations.length > 0 && { operations }), nextPageToken: page.nextToken }
}

function find(batches: Batches, id: string): Batch {
  const batch = batches.get(`batches/${id}`)
  if (batch === undefined) throw notFound('Batch')
  return batch
}

/** Shows the operation. The SDK reads results from `metadata.output` and ignores `response`. */
function show(state: EmulatorState, batch: Batch) {
  const changedAt = toRfc3339(batch.endedAt ?? batch.createdAt)
  return {
    name: batch.id,
    metadata: {
      '@type': 'type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch',
      model: batch.model,
      displayName: batch.displayName,
      state: batch.endState ?? runningState(state, batch),
      createTime: toRfc3339(batch.createdAt),
      updateTime: changedAt,
      endTime: batch.endedAt === undefined ? undefined : changedAt,
      batchStats: stats(batch),
      name: batch.id,
      output: batch.endState === 'BATCH_STATE_SUCCEEDED' ? output(batch) : undefined,
    },
    done: batch.endedAt === undefined ? undefined : true,
  }
}

/** Pending for the first quarter of its time, so that a poller sees both states. */
function runningState(state: EmulatorState, batch: Batch) {
  const elapsed = state.clock.now() - batch.createdAt
  return elapsed * 4 < state.settings.jobs.batchMs ? 'BATCH_STATE_PENDING' : 'BATCH_STATE_RUNNING'
}

/** Counts as JSON writes 64-bit integers: as text. */
function stats(batch: Batch) {
  const count = String(batch.requests.length)
  if (batch.endState === 'BATCH_STATE_SUCCEEDED')
    return { requestCount: count, successfulRequestCount: count }
  return { requestCount: count, pendingRequestCount: count }
}

function output(batch: Batch) {
  return { inlinedResponses: { inlinedResponses: batch.requests.map((request) => respond(batch, request)) } }
}

function respond(batch: Batch, { prompt, metadata }: InlinedRequest) {
  const text = inventAnswer(prompt)
  const content = { role: 'model', parts: [{ text }] }
  const response = {
    candidates: [{ content, finishReason: 'STOP', index: 0 }],
    usageMetadata: {
      promptTokenCount: countTokens(prompt),
      candidatesTokenCount: countTokens(text),
      totalTokenCount: countTokens(prompt) + countTokens(text),
    },
    modelVersion: batch.model.slice('models/'.length),
  }
  return { response, metadata }
}
