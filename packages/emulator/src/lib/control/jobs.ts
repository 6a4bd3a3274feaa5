import type { JobDetail } from '@gwh/inspector/page'
import { Hono } from 'hono'
import { notFound } from '../http/body.ts'
import { outcomeOf } from '../jobs/outcomes.ts'
import type { EmulatorState } from '../state/state.ts'

/** Serves `/_gwh/jobs`. */
export function jobsApi(state: EmulatorState): Hono {
  return new Hono()
    .get('/', (c) => c.json({ jobs: listJobs(state) }))
    .get('/:id{.+}', (c) => c.json(showJob(state, c.req.param('id'))))
}

/** Every job there is, oldest first, without what it was asked and what it answered: its own API shows that. */
function listJobs({ jobs }: EmulatorState) {
  return jobs.every().map(({ id, kind, model, createdAt, dueAt, config, end }) => ({
    id,
    kind,
    model,
    createdAt,
    dueAt,
    uris: config.uris,
    userMetadata: config.userMetadata,
    ...(end && {
      endedAt: end.at,
      outcome: end.outcome,
      state: outcomeOf(kind, end.outcome)?.state,
      error: end.error,
    }),
  }))
}

// A preview: the job's own API has everything.
const MAX_PREVIEW = 20_000

/** What a job was asked and what it answered, shortened. */
function showJob({ jobs }: EmulatorState, id: string): JobDetail {
  const job = jobs.find(id)
  if (job === undefined) throw notFound(`Job '${id}'`)
  const result = job.end?.result
  return { id, input: toPreview(job.input), ...(result !== undefined && { result: toPreview(result) }) }
}

function toPreview(value: unknown): string {
  const text = JSON.stringify(value, null, 2) ?? ''
  return text.length > MAX_PREVIEW ? `${text.slice(0, MAX_PREVIEW)}\n… ${text.length} characters` : text
}
