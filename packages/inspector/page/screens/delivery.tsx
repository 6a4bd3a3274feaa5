import { useState } from 'preact/hooks'
import { control } from '../api/client.ts'
import type { Delivery } from '../api/types.ts'
import { encodePart, formatDuration, formatTime, toHexDump, toPrettyJson } from '../text/format.ts'
import { STATE_WORDS, toneOf } from '../text/reasons.ts'
import { Action, Badge, Block, Failure, Text } from '../ui/parts.tsx'
import { linkTo } from '../ui/router.ts'
import { Tabs } from '../ui/tabs.tsx'
import { useClock } from '../ui/use-clock.ts'
import { useData } from '../ui/use-data.ts'
import { AttemptPanel, Timeline } from './attempts.tsx'
import { DeliveryActions } from './delivery-actions.tsx'

const PATH = (id: string) => `/deliveries/${encodePart(id)}`

/** One delivery: what was sent, when, what was answered, and why. */
export function DeliveryScreen({ id }: { id: string }) {
  const { value: delivery, error } = useData<Delivery>(() => control(PATH(id)), [id])
  const [chosen, setChosen] = useState<number>()
  return (
    <>
      <p class="back">
        <a href={linkTo('deliveries')}>← Deliveries</a>
      </p>
      <Failure error={error} />
      {delivery && (
        <>
          <Head delivery={delivery} />
          <DeliveryActions delivery={delivery} />
          <section aria-labelledby="attempts">
            <h2 id="attempts">Attempts</h2>
            <Timeline delivery={delivery} chosen={chosen ?? delivery.attempts.length} choose={setChosen} />
            <NextAttempt delivery={delivery} />
          </section>
          <Chosen delivery={delivery} number={chosen ?? delivery.attempts.length} />
          <Body body={delivery.body} />
        </>
      )}
    </>
  )
}

function Head({ delivery }: { delivery: Delivery }) {
  const { eventType, state, attempts, webhookId, uri, scheme, jobId, createdAt } = delivery
  return (
    <>
      <h1>
        <Text>{eventType}</Text>{' '}
        <Badge tone={toneOf(state, attempts.at(-1)?.code)}>{STATE_WORDS[state]}</Badge>
      </h1>
      <dl class="facts">
        <dt>webhook-id</dt>
        <dd class="mono">
          <Text>{webhookId}</Text>
        </dd>
        <dt>To</dt>
        <dd class="mono">
          <Text>{uri}</Text> ({scheme})
        </dd>
        {jobId && (
          <>
            <dt>Job</dt>
            <dd class="mono">
              <a href={linkTo('jobs', jobId)}>
                <Text>{jobId}</Text>
              </a>
            </dd>
          </>
        )}
        <dt>Created</dt>
        <dd>{formatTime(createdAt)}</dd>
      </dl>
    </>
  )
}

/** When the next attempt comes, and a way to have it now. */
function NextAttempt({ delivery: { nextAttemptAt, attempts } }: { delivery: Delivery }) {
  const clock = useClock()
  if (nextAttemptAt === undefined || clock === undefined) return null
  const wait = Math.max(0, nextAttemptAt - clock.now)
  const advance = async () => {
    await control('/clock/advance', { ms: wait })
    return `The clock moved by ${formatDuration(wait)}.`
  }
  return (
    <p class="next">
      Attempt {attempts.length + 1} comes at {formatTime(nextAttemptAt)}, in {formatDuration(wait)}
      {clock.paused && ' (the clock is paused)'}. <Action run={advance}>Advance the clock to it</Action>
    </p>
  )
}

function Chosen({ delivery, number }: { delivery: Delivery; number: number }) {
  const attempt = delivery.attempts[number - 1]
  return attempt === undefined ? null : <AttemptPanel delivery={delivery} attempt={attempt} />
}

function Body({ body }: { body: string }) {
  const bytes = new TextEncoder().encode(body).length
  return (
    <section aria-labelledby="body">
      <h2 id="body">
        Body <small>{bytes} bytes</small>
      </h2>
      <Tabs
        label="Ways to show the body"
        tabs={{
          Pretty: () => <Block text={toPrettyJson(body)} label="the body, indented" />,
          Sent: () => <Block text={body} label="the body as sent" />,
          Bytes: () => <Block text={toHexDump(body)} label="the bytes of the body" />,
        }}
      />
    </section>
  )
}
