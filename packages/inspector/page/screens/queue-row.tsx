import type { QueueEntry } from '../../src/lib/protocol/queue.ts'
import { queue } from '../api/client.ts'
import { formatTime } from '../text/format.ts'
import { toneOf } from '../text/reasons.ts'
import { Action, Badge, Block, Text } from '../ui/parts.tsx'

/** One delivery of a queue, with its details folded. */
export function QueueRow({ entry }: { entry: QueueEntry }) {
  const { webhookId, state, reason, lastError, eventType } = entry
  return (
    <li class="card">
      <div class="row">
        <div>
          <b>
            <Text>{eventType ?? 'not an event'}</Text>
          </b>{' '}
          <Badge tone={toneOf(state)}>{state}</Badge>
          <small class="mono">
            <Text>{webhookId}</Text>
          </small>
        </div>
        {state === 'dead' && (
          <Action run={() => move('/redrive', entry)} kind="primary">
            Redrive
          </Action>
        )}
        {state === 'done' && <Action run={() => move('/replay', entry)}>Replay</Action>}
      </div>
      {reason && (
        <p class="reason">
          {REASONS[reason] ?? reason}
          {lastError && (
            <>
              {' '}
              <Text>{`${lastError.code ?? lastError.name}: ${lastError.message}`}</Text>
            </>
          )}
        </p>
      )}
      <details>
        <summary>Details</summary>
        <Details entry={entry} />
      </details>
    </li>
  )
}

const REASONS: Readonly<Record<string, string>> = {
  attempts: 'Every attempt failed.',
  payload_invalid: 'The body is not an event.',
  handler_rejected: 'A handler said that a retry cannot succeed.',
  corrupt: 'The queue can no longer read it.',
}

async function move(path: '/redrive' | '/replay', { key }: QueueEntry): Promise<string> {
  const { count } = await queue<{ count: number }>(path, { target: key })
  if (count > 0) return path === '/redrive' ? 'Redriven.' : 'It is handled again.'
  return path === '/redrive'
    ? 'It is no dead letter any more.'
    : 'Its body was erased: the queue does not retain bodies.'
}

function Details({ entry }: { entry: QueueEntry }) {
  const { key, endpoint, scheme, receivedAt, attempts, dueAt, settledAt, bodyBytes, history } = entry
  return (
    <>
      <dl class="facts">
        <dt>Key</dt>
        <dd class="mono">
          <Text>{key}</Text>
        </dd>
        <dt>Endpoint</dt>
        <dd>
          <Text>{endpoint}</Text> ({scheme})
        </dd>
        <dt>Received</dt>
        <dd>{formatTime(receivedAt)}</dd>
        <dt>Attempts</dt>
        <dd>{attempts}</dd>
        {dueAt !== undefined && (
          <>
            <dt>Due</dt>
            <dd>{formatTime(dueAt)}</dd>
          </>
        )}
        {settledAt !== undefined && (
          <>
            <dt>Settled</dt>
            <dd>{formatTime(settledAt)}</dd>
          </>
        )}
      </dl>
      {history.length > 0 && (
        <ol class="plain" aria-label="Failed attempts">
          {history.map(({ attempt, failedAt, error }) => (
            <li key={`${attempt} ${failedAt}`}>
              Attempt {attempt}, {formatTime(failedAt)}: <Text>{`${error.name}: ${error.message}`}</Text>
            </li>
          ))}
        </ol>
      )}
      {entry.event !== undefined && <Block text={entry.event} label="the event" />}
      {entry.text !== undefined && <Block text={entry.text} label="the body" />}
      {entry.event === undefined && entry.text === undefined && (
        <p>The body was erased ({bodyBytes} bytes are left).</p>
      )}
    </>
  )
}
