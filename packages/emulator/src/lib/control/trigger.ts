import { suggestEventType } from '@gwh/core/events'
import { CATALOGUE_TYPES } from '../events/event-types.ts'
import { RequestFault } from '../http/faults.ts'
import { checkKnown, type Fields, isFields, readMetadata, readUris, requiredName } from '../http/fields.ts'
import type { AnyJob } from '../jobs/job.ts'
import { outcomeNamed } from '../jobs/outcomes.ts'
import { JOB_KINDS, type JobKind } from '../shared/job-kind.ts'
import type { JobError } from '../shared/scenario.ts'
import type { DeliverySnapshot, TriggerResult } from '../shared/types.ts'
import type { EmulatorState } from '../state/state.ts'
import { findJob, finishJob } from './finish.ts'
import { createSampleJob } from './sample-job.ts'

// What a ping is called; it goes to its webhook without a subscription.
const PING = 'ping'

/**
 * Emits an event, given in the control API's spelling. One about a job that exists ends that job, and one that says
 * nothing of a job ends a small one made for it, so that the event and the API agree. Any other is invented.
 */
export async function trigger(state: EmulatorState, body: Fields): Promise<TriggerResult> {
  checkKnown(body, ['type', 'data', 'user_metadata', 'uris'])
  const { data = {} } = body
  const type = requiredName('type', body.type)
  const uris = readUris(body.uris)
  checkType(type, uris)
  if (!isFields(data)) throw new RequestFault('invalid_request', "'data' must be an object.")
  const userMetadata = readMetadata(body.user_metadata)
  const deliveries = await emit(state, { type, data, userMetadata, uris })
  return { deliveries, webhookIds: deliveries.map((delivery) => delivery.webhookId) }
}

/** A checked event. */
interface TriggeredEvent {
  readonly type: string
  readonly data: Fields
  readonly userMetadata: Fields | undefined
  readonly uris: readonly string[] | undefined
}

async function emit(state: EmulatorState, event: TriggeredEvent): Promise<readonly DeliverySnapshot[]> {
  const { type, data, userMetadata, uris } = event
  const jobId = typeof data.id === 'string' ? data.id : undefined
  const known = jobId === undefined ? undefined : findJob(state, jobId)
  if (known !== undefined) return moveJob(state, known, event)
  const kind = Object.keys(data).every((name) => ERROR_FIELDS.includes(name)) && kindOf(type)
  if (!kind) return state.emit({ type, data, userMetadata, jobId }, uris)
  const job = createSampleJob(state, kind, { uris, userMetadata })
  return moveJob(state, job, { type, data, userMetadata: undefined, uris })
}

const ERROR_FIELDS = ['error_code', 'error_message']

/** The kind of job that ends with an event of this type. */
function kindOf(type: string): JobKind | undefined {
  return JOB_KINDS.find((kind) => outcomeNamed(kind, type) !== undefined)
}

async function moveJob(
  state: EmulatorState,
  job: AnyJob,
  { type, data, userMetadata, uris }: TriggeredEvent,
): Promise<readonly DeliverySnapshot[]> {
  const outcome = outcomeNamed(job.kind, type)
  if (outcome === undefined) {
    throw new RequestFault(
      'invalid_request',
      `'${type}' is not an event of ${job.id}, which is of kind ${job.kind}.`,
    )
  }
  // The event will carry the job's own data: anything else would contradict what the API says of it.
  checkKnown(data, ['id', ...ERROR_FIELDS])
  if (userMetadata !== undefined) {
    throw new RequestFault('invalid_request', `${job.id} exists, so its event carries its own user_metadata.`)
  }
  const error = readError(data)
  return finishJob(state, job, { outcome, ...(error && { error }) }, uris)
}

function readError({ error_code: code, error_message: message }: Fields): JobError | undefined {
  if (code === undefined && message === undefined) return undefined
  if (typeof code === 'number' && typeof message === 'string') return { code, message }
  throw new RequestFault('invalid_request', "'error_code' must be a number, and 'error_message' a string.")
}

/** Refuses a type that no webhook subscribes to, or that is probably a misspelt known type. */
function checkType(type: string, uris: readonly string[] | undefined): void {
  if (type === PING || CATALOGUE_TYPES.some((known) => known === type)) return
  const similar = suggestEventType(type)
  if (similar !== undefined) {
    throw new RequestFault('invalid_request', `Unknown event type '${type}'. Did you mean '${similar}'?`)
  }
  if (uris === undefined) {
    throw new RequestFault(
      'invalid_request',
      `No webhook can subscribe to '${type}'. Known types: ${CATALOGUE_TYPES.join(', ')}. To send it anyway, name the receivers in 'uris'.`,
    )
  }
}
