import { useState } from 'preact/hooks'
import type { DeliveryMatches, JobDetail, JobSummary } from '../../src/lib/protocol/emulator.ts'
import { control } from '../api/client.ts'
import { encodePart, formatDuration, formatTime } from '../text/format.ts'
import type { Tone } from '../text/reasons.ts'
import { Action, Badge, Block, Choice, Empty, Failure, Table, Text } from '../ui/parts.tsx'
import { linkTo } from '../ui/router.ts'
import { useClock } from '../ui/use-clock.ts'
import { useData } from '../ui/use-data.ts'
import { DeliveryTable } from './deliveries.tsx'

const EXAMPLE = `GOOGLE_GEMINI_BASE_URL=${location.origin} GEMINI_API_KEY=any node your-program.js`

const SHOWN = 200

/** The newest jobs, newest first. */
export function Jobs() {
  const { value, error } = useData<{ jobs: JobSummary[]; total: number }>(
    () => control(`/jobs?limit=${SHOWN}`),
    [],
  )
  const jobs = value?.jobs.toReversed()
  return (
    <>
      <h1>Jobs</h1>
      <Failure error={error} />
      {jobs?.length === 0 && (
        <Empty command={EXAMPLE}>
          No batch, background interaction or video was created yet. Point a program at this emulator:
        </Empty>
      )}
      {jobs && jobs.length > 0 && (
        <Table heads={['Created', 'Job', 'Kind', 'State', 'Took']}>
          {jobs.map((job) => (
            <tr key={job.id}>
              <td class="time">{formatTime(job.createdAt)}</td>
              <td class="main">
                <a href={linkTo('jobs', job.id)}>
                  <Text>{job.id}</Text>
                </a>
                <small>
                  <Text>{job.model}</Text>
                </small>
              </td>
              <td>{job.kind}</td>
              <td>
                <JobState job={job} />
              </td>
              <td class="count">
                {job.endedAt === undefined ? '–' : formatDuration(job.endedAt - job.createdAt)}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {value && value.total > value.jobs.length && <p>These are the newest of {value.total} jobs.</p>}
    </>
  )
}

function JobState({ job }: { job: JobSummary }) {
  return <Badge tone={toneOfJob(job)}>{job.outcome?.replaceAll('_', ' ') ?? 'running'}</Badge>
}

function toneOfJob({ outcome }: JobSummary): Tone {
  if (outcome === undefined) return 'busy'
  if (outcome === 'succeeded') return 'good'
  return outcome === 'failed' || outcome === 'expired' ? 'bad' : 'warn'
}

/** One job: its life line, its deliveries, what it was asked and what it answered. */
export function JobScreen({ id }: { id: string }) {
  const clock = useClock()
  const { value: job, error } = useData<JobDetail>(() => control(`/jobs/${encodePart(id)}`), [id])
  const { value: sent } = useData<DeliveryMatches>(
    () => control(`/deliveries/search?job=${encodePart(id)}`),
    [id],
  )
  return (
    <>
      <p class="back">
        <a href={linkTo('jobs')}>← Jobs</a>
      </p>
      <h1 class="long">
        <Text>{id}</Text> {job && <JobState job={job} />}
      </h1>
      {job === undefined && error && (
        <p>This job is invented by an event, or was deleted: the API does not know it.</p>
      )}
      {job && <LifeLine job={job} now={clock?.now} />}
      {job && job.endedAt === undefined && <Finish job={job} />}
      <section aria-labelledby="sent">
        <h2 id="sent">Its deliveries</h2>
        {sent && sent.deliveries.length > 0 ? (
          <DeliveryTable deliveries={sent.deliveries} />
        ) : (
          <p>None yet.</p>
        )}
      </section>
      {job?.result !== undefined && (
        <section>
          <h2>Result</h2>
          <Block text={job.result} label="the result" />
        </section>
      )}
      {job && (
        <section>
          <h2>Input</h2>
          <Block text={job.input} label="the input" />
        </section>
      )}
    </>
  )
}

function LifeLine({ job, now }: { job: JobSummary; now: number | undefined }) {
  const { createdAt, dueAt, endedAt, error } = job
  return (
    <>
      <ol class="timeline">
        <li class="good">
          <span>
            <b>created</b> <small>{formatTime(createdAt)}</small>
          </span>
        </li>
        {endedAt === undefined ? (
          <li class="busy">
            <span>
              <b>due</b>
              <small>
                {formatTime(dueAt)}
                {now !== undefined && dueAt > now && `, in ${formatDuration(dueAt - now)}`}
              </small>
            </span>
          </li>
        ) : (
          <li class={toneOfJob(job)}>
            <span>
              <b>{job.outcome?.replaceAll('_', ' ')}</b>
              <small>{formatTime(endedAt)}</small>
            </span>
          </li>
        )}
      </ol>
      {error && (
        <p class="reason">
          Error {error.code}: <Text>{error.message}</Text>
        </p>
      )}
    </>
  )
}

const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  batch: ['succeeded', 'failed', 'expired', 'cancelled'],
  interaction: ['succeeded', 'failed', 'requires_action', 'cancelled', 'incomplete', 'budget_exceeded'],
  video: ['succeeded', 'failed', 'filtered'],
}

function Finish({ job }: { job: JobSummary }) {
  const [outcome, setOutcome] = useState('succeeded')
  const finish = async () => {
    await control('/finish', { job: job.id, outcome })
    return `The job ended: ${outcome.replaceAll('_', ' ')}.`
  }
  return (
    <div class="filters">
      <Choice
        label="End it now as"
        value={outcome}
        onInput={setOutcome}
        options={OUTCOMES[job.kind] ?? ['succeeded']}
      />
      <Action run={finish}>End</Action>
    </div>
  )
}
