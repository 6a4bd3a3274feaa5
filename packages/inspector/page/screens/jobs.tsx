import { useState } from 'preact/hooks'
import type { DeliveryMatches, JobDetail } from '../../src/lib/protocol/emulator.ts'
import { control } from '../api/client.ts'
import type { Job } from '../api/types.ts'
import { encodePart, formatDuration, formatTime } from '../text/format.ts'
import type { Tone } from '../text/reasons.ts'
import { Action, Badge, Block, Choice, Empty, Failure, Table, Text } from '../ui/parts.tsx'
import { linkTo } from '../ui/router.ts'
import { useClock } from '../ui/use-clock.ts'
import { useData } from '../ui/use-data.ts'
import { DeliveryTable } from './deliveries.tsx'

const EXAMPLE = `GOOGLE_GEMINI_BASE_URL=${location.origin} GEMINI_API_KEY=any node your-program.js`

/** The jobs, newest first. */
export function Jobs() {
  const { value, error } = useData<{ jobs: Job[] }>(() => control('/jobs'), [])
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
    </>
  )
}

function JobState({ job }: { job: Job }) {
  return <Badge tone={toneOfJob(job)}>{job.outcome?.replaceAll('_', ' ') ?? 'running'}</Badge>
}

function toneOfJob({ outcome }: Job): Tone {
  if (outcome === undefined) return 'busy'
  if (outcome === 'succeeded') return 'good'
  return outcome === 'failed' || outcome === 'expired' ? 'bad' : 'warn'
}

/** One job: its life line, its deliveries, what it was asked and what it answered. */
export function JobScreen({ id }: { id: string }) {
  const { value: jobs, error } = useData<{ jobs: Job[] }>(() => control('/jobs'), [id])
  const clock = useClock()
  const { value: detail } = useData<JobDetail>(() => control(`/jobs/${encodePart(id)}`), [id])
  const { value: sent } = useData<DeliveryMatches>(
    () => control(`/deliveries/search?job=${encodePart(id)}`),
    [id],
  )
  const job = jobs?.jobs.find((candidate) => candidate.id === id)
  return (
    <>
      <p class="back">
        <a href={linkTo('jobs')}>← Jobs</a>
      </p>
      <h1 class="long">
        <Text>{id}</Text> {job && <JobState job={job} />}
      </h1>
      <Failure error={error} />
      {jobs && job === undefined && (
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
      {detail?.result !== undefined && (
        <section>
          <h2>Result</h2>
          <Block text={detail.result} label="the result" />
        </section>
      )}
      {detail && (
        <section>
          <h2>Input</h2>
          <Block text={detail.input} label="the input" />
        </section>
      )}
    </>
  )
}

function LifeLine({ job, now }: { job: Job; now: number | undefined }) {
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

function Finish({ job }: { job: Job }) {
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
