import { Hono } from 'hono'
import { toRfc3339 } from '../events/envelope.ts'
import { notFound, splitVerb } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { type Fields, isFields, optionalText, pick, readWebhookConfig } from '../http/fields.ts'
import { toPage } from '../http/pages.ts'
import { generatedContent, promptText } from '../jobs/answers.ts'
import type { JobRecord } from '../jobs/job.ts'
import { outcomeOf } from '../jobs/outcomes.ts'
import { newResourceId } from '../shared/ids.ts'
import type { Outcome } from '../shared/scenario.ts'
import type { EmulatorState } from '../state/state.ts'

interface InlinedRequest {
  readonly prompt: string
  readonly metadata: unknown
}

interface BatchInput {
  readonly displayName: string | undefined
  readonly requests: readonly InlinedRequest[]
}

const REQUEST_FAILED = { code: 13, message: 'Internal error encountered.' }

/** The inlined responses, as the API shows them. */
type BatchResult = readonly Fields[]

type Batch = JobRecord<'batch', BatchInput, BatchResult>

/** Serves `/batches` (https://ai.google.dev/api/batch-api). */
export function batchesApi(state: EmulatorState): Hono {
  // Thin: for inlined requests an event names the batch and nothing else.
  state.jobs.define<Batch>('batch', { produce, eventData: () => ({}) })
  return new Hono()
    .get('/', (c) => c.json(list(state, c.req.query('pageSize'), c.req.query('pageToken'))))
    .get('/:id', (c) => c.json(show(state, find(state, c.req.param('id')))))
    .post('/:target', (c) => c.json(cancel(state, c.req.param('target'))))
    .delete('/:id', (c) => c.json(remove(state, c.req.param('id'))))
}

/** Carries out `models/{model}:batchGenerateContent`. */
export function createBatch(state: EmulatorState, model: string, body: Fields) {
  const fields = isFields(body.batch) ? body.batch : {}
  const batch = state.jobs.start<Batch>({
    id: `batches/${newResourceId()}`,
    kind: 'batch',
    model: `models/${model}`,
    config: readWebhookConfig(pick(fields, 'webhookConfig')),
    input: {
      displayName: optionalText('displayName', pick(fields, 'displayName')),
      requests: readRequests(pick(fields, 'inputConfig')),
    },
  })
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

function list(state: EmulatorState, size: string | undefined, token: string | undefined) {
  const page = toPage(state.jobs.all<Batch>('batch'), { size, token })
  const operations = page.items.map((batch) => show(state, batch))
  return { ...(operations.length > 0 && { operations }), nextPageToken: page.nextToken }
}

function find(state: EmulatorState, id: string): Batch {
  const batch = state.jobs.get<Batch>('batch', `batches/${id}`)
  if (batch === undefined) throw notFound('Batch')
  return batch
}

/** Shows the operation. The SDK reads results from `metadata.output` and ignores `response`. */
function show(state: EmulatorState, batch: Batch) {
  const { id, model, input, createdAt, end } = batch
  const changedAt = toRfc3339(end?.at ?? createdAt)
  return {
    name: id,
    metadata: {
      '@type': 'type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch',
      model,
      displayName: input.displayName,
      state: end ? outcomeOf('batch', end.outcome)!.state : runningState(state, batch),
      createTime: toRfc3339(createdAt),
      updateTime: changedAt,
      endTime: end && changedAt,
      batchStats: stats(batch),
      name: id,
      output: end?.result && { inlinedResponses: { inlinedResponses: end.result } },
    },
    done: end && true,
    error: end?.error,
  }
}

/** Pending for the first quarter of its time, so that a poller sees both states. */
function runningState(state: EmulatorState, { createdAt, dueAt }: Batch) {
  const elapsed = state.clock.now() - createdAt
  return elapsed * 4 < dueAt - createdAt ? 'BATCH_STATE_PENDING' : 'BATCH_STATE_RUNNING'
}

/** Counts as JSON writes 64-bit integers: as text. */
function stats({ input, end }: Batch) {
  const requestCount = String(input.requests.length)
  if (end?.result === undefined) return { requestCount, pendingRequestCount: requestCount }
  const failed = end.result.filter((response) => response.error !== undefined).length
  return {
    requestCount,
    successfulRequestCount: String(end.result.length - failed),
    ...(failed > 0 && { failedRequestCount: String(failed) }),
  }
}

function produce({ model, input }: Batch, outcome: Outcome): BatchResult | undefined {
  if ((outcome.outcome ?? 'succeeded') !== 'succeeded') return undefined
  return input.requests.map((request, index) => {
    const { metadata } = request
    if (outcome.failedRequests?.includes(index)) return { error: outcome.error ?? REQUEST_FAILED, metadata }
    return { response: respond(model!, request, outcome), metadata }
  })
}

function respond(model: string, { prompt }: InlinedRequest, outcome: Outcome): Fields {
  return generatedContent(model.slice('models/'.length), prompt, outcome.output ?? `Echo: ${prompt}`)
}
