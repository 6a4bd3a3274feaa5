import { type EmittedEvent, parseEvent } from '@gwh/core'
import { VIDEO_FAILED } from '../ledger/endings.ts'
import { firstError } from '../results/interaction-result.ts'
import { readVideoOperation } from '../results/video-operation.ts'
import { videoUris } from '../results/video-result.ts'
import type { BatchJobLike, InteractionLike, JobClient, VideoOperationLike } from '../shared/client.ts'
import { fromApi } from '../shared/errors.ts'
import { getInteraction } from '../shared/get-interaction.ts'
import { toJobKind } from '../shared/job-name.ts'
import { readAnswer, toList, toText } from '../shared/read-answer.ts'

/** How a job ended, in the form of the event that reports it; `undefined` while it runs. */
export type Outcome = Pick<EmittedEvent, 'type' | 'data' | 'timestamp'> | undefined

/**
 * Asks the API once how a job is.
 *
 * @throws ResultError `result_not_found`
 * @throws ResultUnavailableError `result_unavailable`, also for an answer that is malformed
 */
export async function lookUp(name: string, client: JobClient, signal?: AbortSignal): Promise<Outcome> {
  const kind = toJobKind(name)
  if (kind === 'batch') {
    const get = (abortSignal: AbortSignal) => client.batches.get({ name, config: { abortSignal } })
    const batch = await fromApi(name, get, signal, client)
    return readOutcome(name, () => toBatchOutcome(name, batch))
  }
  if (kind === 'video') {
    const get = (request: AbortSignal) => readVideoOperation(client, name, request)
    const operation = await fromApi(name, get, signal, client)
    return readOutcome(name, () => toVideoOutcome(name, operation))
  }
  // The SDK would repeat this request up to four times; look-ups have pauses of their own.
  const interaction = await getInteraction(client, name, signal, { maxRetries: 0 })
  return readOutcome(`interaction ${name}`, () => toInteractionOutcome(name, interaction))
}

/** Reads an outcome that an event can report. */
function readOutcome(what: string, read: () => Outcome): Outcome {
  return readAnswer(what, () => {
    const outcome = read()
    if (outcome) parseEvent(JSON.stringify(outcome))
    return outcome
  })
}

const BATCH_STATES = new Map([
  ['JOB_STATE_SUCCEEDED', 'batch.succeeded'],
  ['JOB_STATE_PARTIALLY_SUCCEEDED', 'batch.succeeded'],
  ['JOB_STATE_FAILED', 'batch.failed'],
  ['JOB_STATE_EXPIRED', 'batch.expired'],
  ['JOB_STATE_CANCELLED', 'batch.cancelled'],
])

function toBatchOutcome(id: string, { state = '', dest, error, endTime }: BatchJobLike): Outcome {
  const type = BATCH_STATES.get(state)
  if (!type) return undefined
  const file = type === 'batch.succeeded' ? toText(dest?.fileName) : undefined
  return {
    type,
    data: { id, ...(file !== undefined && { output_file_uri: file }), ...(error && toErrorFields(error)) },
    ...toTimestamp(endTime),
  }
}

function toVideoOutcome(id: string, operation: VideoOperationLike): Outcome {
  if (operation.done !== true) return undefined
  const [uri] = videoUris(operation)
  if (uri !== undefined) return { type: 'video.generated', data: { id, output_file_uri: uri } }
  const filtered = operation.response?.generateVideoResponse?.raiMediaFilteredReasons
  const reason = toList(filtered).join(' ') || 'the operation has no video'
  const error = operation.error ?? { message: reason }
  return { type: VIDEO_FAILED, data: { id, ...toErrorFields(error) } }
}

// No event is documented for an interaction that ends early; what it has got to is its result.
const INTERACTION_STATES = new Map([
  ['completed', 'interaction.completed'],
  ['incomplete', 'interaction.completed'],
  ['budget_exceeded', 'interaction.completed'],
  ['failed', 'interaction.failed'],
  ['cancelled', 'interaction.cancelled'],
  ['requires_action', 'interaction.requires_action'],
])

function toInteractionOutcome(id: string, interaction: InteractionLike): Outcome {
  const type = INTERACTION_STATES.get(interaction.status ?? '')
  if (!type) return undefined
  const { errorCode, errorMessage } = firstError(interaction)
  const failure =
    type === 'interaction.failed' ? toErrorFields({ code: errorCode, message: errorMessage }) : {}
  return { type, data: { id, ...failure }, ...toTimestamp(interaction.updated) }
}

/** When it ended, if the answer says so. */
function toTimestamp(time: unknown) {
  return typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? { timestamp: time } : {}
}

function toErrorFields({ code, message }: { code?: unknown; message?: unknown }) {
  return {
    ...(code !== undefined && { error_code: String(code) }),
    ...(message !== undefined && { error_message: String(message) }),
  }
}
