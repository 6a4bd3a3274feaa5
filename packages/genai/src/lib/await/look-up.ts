import type { EmittedEvent } from '@gwh/core'
import { VIDEO_FAILED } from '../ledger/endings.ts'
import { firstError } from '../results/interaction-result.ts'
import { readVideoOperation } from '../results/video-operation.ts'
import { videoUris } from '../results/video-result.ts'
import type { BatchJobLike, InteractionLike, JobClient, VideoOperationLike } from '../shared/client.ts'
import { fromApi } from '../shared/errors.ts'
import { toJobKind } from '../shared/job-name.ts'

/** How a job ended, in the form of the event that reports it; `undefined` while it runs. */
export type Outcome = Pick<EmittedEvent, 'type' | 'data' | 'timestamp'> | undefined

/**
 * Asks the API once how a job is.
 *
 * @throws ResultError `result_not_found`
 * @throws ResultUnavailableError `result_unavailable`
 */
export async function lookUp(name: string, client: JobClient, signal?: AbortSignal): Promise<Outcome> {
  const kind = toJobKind(name)
  if (kind === 'batch') {
    return toBatchOutcome(name, await fromApi(name, () => client.batches.get({ name }), signal, client))
  }
  if (kind === 'video') {
    return toVideoOutcome(name, await fromApi(name, () => readVideoOperation(client, name), signal, client))
  }
  // The SDK would repeat this request up to four times; look-ups have pauses of their own.
  const get = () => client.interactions.get(name, null, { maxRetries: 0 })
  const interaction = await fromApi(`interaction ${name}`, get, signal, client)
  return toInteractionOutcome(name, interaction)
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
  const file = type === 'batch.succeeded' ? dest?.fileName : undefined
  return {
    type,
    data: { id, ...(file !== undefined && { output_file_uri: file }), ...(error && toErrorFields(error)) },
    ...(endTime !== undefined && { timestamp: endTime }),
  }
}

function toVideoOutcome(id: string, operation: VideoOperationLike): Outcome {
  if (operation.done !== true) return undefined
  const [uri] = videoUris(operation)
  if (uri !== undefined) return { type: 'video.generated', data: { id, output_file_uri: uri } }
  const filtered = operation.response?.generateVideoResponse?.raiMediaFilteredReasons
  const error = operation.error ?? { message: filtered?.join(' ') ?? 'the operation has no video' }
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
  const { updated } = interaction
  return { type, data: { id, ...failure }, ...(typeof updated === 'string' && { timestamp: updated }) }
}

function toErrorFields({ code, message }: { code?: unknown; message?: string | undefined }) {
  return {
    ...(code !== undefined && { error_code: String(code) }),
    ...(message !== undefined && { error_message: message }),
  }
}
