import type { Attempt, Delivery } from '../api/types.ts'
import { formatDuration, formatTime, toPrettyJson } from '../text/format.ts'
import { outcomeOf, reasonOf } from '../text/reasons.ts'
import { Badge, Block, Text } from '../ui/parts.tsx'
import { Signature } from './signature.tsx'

/** The attempts of a delivery on a line, the latest last; choosing one shows it below. */
export function Timeline(props: {
  readonly delivery: Delivery
  readonly chosen: number
  readonly choose: (attempt: number) => void
}) {
  const { delivery, chosen, choose } = props
  if (delivery.attempts.length === 0) return <p>No attempt was made yet.</p>
  return (
    <ol class="timeline">
      {delivery.attempts.map((attempt) => (
        <li key={attempt.attempt} class={toneOfAttempt(attempt)}>
          <button
            type="button"
            aria-pressed={attempt.attempt === chosen}
            onClick={() => choose(attempt.attempt)}
          >
            <b>{outcomeOf(attempt)}</b> <span>attempt {attempt.attempt}</span>
            <small>
              {formatTime(attempt.startedAt)}
              {attempt.durationMs !== undefined && `, ${formatDuration(attempt.durationMs)}`}
            </small>
          </button>
        </li>
      ))}
    </ol>
  )
}

function toneOfAttempt({ code, durationMs }: Attempt) {
  if (durationMs === undefined) return 'busy'
  return code === undefined ? 'good' : 'bad'
}

/** One attempt: why it failed, what was answered, what was sent, and how it was signed. */
export function AttemptPanel({ delivery, attempt }: { delivery: Delivery; attempt: Attempt }) {
  const reason = reasonOf(attempt)
  return (
    <section aria-labelledby="attempt">
      <h2 id="attempt">
        Attempt {attempt.attempt} <Badge tone={toneOfAttempt(attempt)}>{outcomeOf(attempt)}</Badge>
      </h2>
      {reason && (
        <p class="reason">
          <Text>{reason}</Text>
        </p>
      )}
      {attempt.faults && <p>Faults you injected: {attempt.faults.join(', ').replaceAll('_', ' ')}.</p>}
      <h3>The receiver's answer</h3>
      <Answer attempt={attempt} />
      <Signature webhookId={delivery.webhookId} attempt={attempt} />
      {attempt.headers && (
        <>
          <h3>Request headers</h3>
          <Headers headers={attempt.headers} />
        </>
      )}
    </section>
  )
}

function Answer({ attempt: { status, answer, durationMs } }: { attempt: Attempt }) {
  if (durationMs === undefined) return <p>Not yet.</p>
  if (status === undefined) return <p>None.</p>
  if (!answer) return <p>Status {status}, without a body.</p>
  return <Block text={`${status}\n\n${toPrettyJson(answer)}`} label="the answer" noCopy />
}

function Headers({ headers }: { headers: Readonly<Record<string, string>> }) {
  return (
    <dl class="facts mono">
      {Object.entries(headers).map(([name, value]) => (
        <div key={name}>
          <dt>
            <Text>{name}</Text>
          </dt>
          <dd>
            <Text>{value}</Text>
          </dd>
        </div>
      ))}
    </dl>
  )
}
