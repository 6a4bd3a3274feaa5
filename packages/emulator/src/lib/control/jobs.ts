import type { JobDetail, JobSummary } from '@gwh/inspector/page'
import { Hono } from 'hono'
import { notFound } from '../http/body.ts'
import type { AnyJob } from '../jobs/job.ts'
import { outcomeOf } from '../jobs/outcomes.ts'
import type { EmulatorState } from '../state/state.ts'

/** Serves `/_gwh/jobs`. */
export function jobsApi(state: EmulatorState): Hono {
  return new Hono()
    .get('/', (c) => c.json(listJobs(state, Number(c.req.query('limit')) || undefined)))
    .get('/:id{.+}', (c) => c.json(showJob(state, c.req.param('id'))))
}

/** The newest `limit` jobs, or all, oldest first, without what they were asked and what they answered. */
function listJobs({ jobs }: EmulatorState, limit?: number) {
  const all = jobs.every()
  const shown = limit === undefined ? all : all.slice(-limit)
  return { jobs: shown.map(toSummary), total: all.length }
}

function toSummary({ id, kind, model, createdAt, dueAt, config, end }: AnyJob): JobSummary {
  const state = end && outcomeOf(kind, end.outcome)?.state
  return {
    id,
    kind,
    createdAt,
    dueAt,
    ...(model !== undefined && { model }),
    ...(config.uris && { uris: config.uris }),
    ...(config.userMetadata && { userMetadata: config.userMetadata }),
    ...(end && { endedAt: end.at, outcome: end.outcome }),
    ...(state && { state }),
    ...(end?.error && { error: end.error }),
  }
}

// A preview: the job's own API has everything.
const MAX_PREVIEW = 20_000

/** What a job was asked and what it answered, shortened. */
function showJob({ jobs }: EmulatorState, id: string): JobDetail {
  const job = jobs.find(id)
  if (job === undefined) throw notFound(`Job '${id}'`)
  const result = job.end?.result
  return {
    ...toSummary(job),
    input: toPreview(job.input),
    ...(result !== undefined && { result: toPreview(result) }),
  }
}

function toPreview(value: unknown): string {
  const text = JSON.stringify(value, null, 2) ?? ''
  return text.length > MAX_PREVIEW ? `${text.slice(0, MAX_PREVIEW)}\n… ${text.length} characters` : text
}
