import { useState } from 'preact/hooks'
import type { AboutEmulator, DeliveryMatches, DeliverySummary } from '../../src/lib/protocol/emulator.ts'
import { control } from '../api/client.ts'
import { formatTime } from '../text/format.ts'
import { STATE_WORDS, toneOf } from '../text/reasons.ts'
import { Badge, Choice, Empty, Failure, Field, Table, Text } from '../ui/parts.tsx'
import { linkTo } from '../ui/router.ts'
import { useData } from '../ui/use-data.ts'

const MORE = 100

/** The deliveries, newest first. */
export function Deliveries({ about }: { about: AboutEmulator }) {
  const [filter, setFilter] = useState({ q: '', state: '', type: '', scheme: '' })
  const [limit, setLimit] = useState(MORE)
  const query = new URLSearchParams({ ...filter, limit: String(limit) })
  const { value, error } = useData<DeliveryMatches>(
    () => control(`/deliveries/search?${query}`),
    [String(query)],
  )
  const set = (name: keyof typeof filter) => (text: string) => setFilter({ ...filter, [name]: text })
  return (
    <>
      <h1>Deliveries</h1>
      <search class="filters">
        <Field
          label="Search"
          type="search"
          value={filter.q}
          onInput={set('q')}
          placeholder="id, job, URL or body"
        />
        <Choice label="State" value={filter.state} onInput={set('state')} options={STATE_WORDS} none="all" />
        <Choice
          label="Event"
          value={filter.type}
          onInput={set('type')}
          options={[...about.eventTypes, 'ping']}
          none="all"
        />
        <Choice
          label="Scheme"
          value={filter.scheme}
          onInput={set('scheme')}
          options={['static', 'dynamic']}
          none="all"
        />
      </search>
      <Failure error={error} />
      {value && <Matches matches={value} />}
      {value && value.matching > value.deliveries.length && (
        <button type="button" onClick={() => setLimit(limit + MORE)}>
          Show more ({value.matching - value.deliveries.length} left)
        </button>
      )}
    </>
  )
}

function Matches({ matches }: { matches: DeliveryMatches }) {
  if (matches.total === 0) {
    return (
      <Empty command="gwh trigger batch.succeeded">
        Nothing was delivered yet. Send an event here under <a href={linkTo('send')}>Send</a>, or in a
        terminal:
      </Empty>
    )
  }
  if (matches.matching === 0) return <Empty>None of the {matches.total} deliveries fits.</Empty>
  return <DeliveryTable deliveries={matches.deliveries} />
}

/** Deliveries as a table, or on a narrow screen as cards. */
export function DeliveryTable({ deliveries }: { deliveries: readonly DeliverySummary[] }) {
  return (
    <Table heads={['Time', 'Event', 'To', 'State', 'Attempts', 'Answer']}>
      {deliveries.map((delivery) => (
        <Row key={delivery.webhookId} delivery={delivery} />
      ))}
    </Table>
  )
}

function Row({ delivery }: { delivery: DeliverySummary }) {
  const { webhookId, eventType, uri, scheme, state, attempts, isRunning, status, code } = delivery
  return (
    <tr>
      <td class="time">{formatTime(delivery.createdAt)}</td>
      <td class="main">
        <a href={linkTo('deliveries', webhookId)}>
          <Text>{eventType}</Text>
        </a>
        <small class="mono">
          <Text>{delivery.jobId ?? webhookId}</Text>
        </small>
      </td>
      <td class="uri">
        <Text>{uri}</Text> <small>{scheme}</small>
      </td>
      <td>
        <Badge tone={toneOf(state, code)}>{STATE_WORDS[state]}</Badge>
      </td>
      <td class="count" data-name={attempts === 1 ? 'attempt' : 'attempts'}>
        {attempts}
      </td>
      <td class="mono answer">
        {isRunning ? 'running' : code === 'http_status' ? status : (code ?? status ?? '–')}
      </td>
    </tr>
  )
}
