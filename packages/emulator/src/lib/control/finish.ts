import { notFound } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { isFields } from '../http/fields.ts'
import { toJson } from '../http/json.ts'
import type { AnyJob } from '../jobs/job.ts'
import { readOutcome } from '../jobs/outcomes.ts'
import type { DeliverySnapshot } from '../shared/types.ts'
import type { EmulatorState } from '../state/state.ts'

/** Ends a running job now; a scenario for it counts no more. */
export async function finish(
  state: EmulatorState,
  id: unknown,
  outcome: unknown,
): Promise<readonly DeliverySnapshot[]> {
  const job = typeof id === 'string' ? findJob(state, id) : undefined
  if (job === undefined) throw notFound(`Job ${typeof id === 'string' ? `'${id}' ` : ''}`.trim())
  const fields = typeof outcome === 'string' ? { outcome } : (toJson('The outcome', outcome) ?? {})
  if (!isFields(fields)) throw new RequestFault('invalid_request', "'outcome' must be a name or an object.")
  return finishJob(state, job, readOutcome(fields, job.kind))
}

/** Ends a job with a checked outcome. */
export async function finishJob(
  state: EmulatorState,
  job: AnyJob,
  outcome: ReturnType<typeof readOutcome>,
  uris?: readonly string[],
): Promise<readonly DeliverySnapshot[]> {
  const deliveries = await state.jobs.finish(job.id, outcome, uris)
  if (deliveries !== undefined) return deliveries
  const end = state.jobs.find(job.id)?.end
  // Deleted, or replaced by an import, while its result was worked out.
  if (end === undefined) throw notFound(`Job '${job.id}'`)
  throw new RequestFault(
    'job_ended',
    `${job.id} has ended already (${end.outcome}). To send its event again, redeliver it.`,
  )
}

/** Finds a job by its id as events name it; a batch also by its bare id. */
export function findJob(state: EmulatorState, id: string): AnyJob | undefined {
  return state.jobs.find(id) ?? state.jobs.find(`batches/${id}`)
}
