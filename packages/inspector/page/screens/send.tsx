import { useEffect, useState } from 'preact/hooks'
import type { AboutEmulator } from '../../src/lib/protocol/emulator.ts'
import { control } from '../api/client.ts'
import { sendMany } from '../api/send-many.ts'
import type { FaultRule } from '../api/types.ts'
import { DELIVERY_FAULTS, fieldsOf, toFault } from '../text/event-forms.ts'
import { Action, Choice, Field, Text } from '../ui/parts.tsx'
import { linkTo } from '../ui/router.ts'

interface Sent {
  readonly webhook_ids: readonly string[]
}

/** Events that are being sent. */
interface Sending {
  readonly controller: AbortController
  readonly done: number
  readonly count: number
}

const MOST_EVENTS = 1000
const MOST_PER_SECOND = 1000
const LISTED = 20

/** Sends an event, or many: a form for each type. */
export function Send({ about }: { about: AboutEmulator }) {
  const [type, setType] = useState('batch.succeeded')
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const [more, setMore] = useState('')
  const [metadata, setMetadata] = useState('')
  const [scheme, setScheme] = useState('static')
  const [uri, setUri] = useState('')
  const [fault, setFault] = useState('')
  const [count, setCount] = useState('1')
  const [rate, setRate] = useState('')
  const [sent, setSent] = useState<readonly string[]>()
  const [sending, setSending] = useState<Sending>()
  useEffect(() => () => sending?.controller.abort(), [sending?.controller])
  const fields = fieldsOf(type)

  const send = async () => {
    const given = fields.map(({ name, example }) => [name, values[name] ?? example] as const)
    const data = {
      ...Object.fromEntries(given.filter(([, value]) => value !== '')),
      ...readObject('More data', more),
    }
    const body = {
      type,
      data,
      ...(metadata.trim() && { user_metadata: readObject('Metadata', metadata) }),
      ...(scheme === 'dynamic' && { uris: [uri] }),
    }
    const wanted = readNumber('How many', count, { most: MOST_EVENTS, isWhole: true })
    const perSecond = rate === '' ? undefined : readNumber('Per second', rate, { most: MOST_PER_SECOND })
    const controller = new AbortController()
    const ids: string[] = []
    try {
      const done = await sendMany({ count: wanted, perSecond, signal: controller.signal }, async (index) => {
        if (wanted > 1) setSending({ controller, done: index, count: wanted })
        const one = () => control<Sent>('/trigger', wanted === 1 ? body : number(body, index))
        const { webhook_ids } = await (index === 0 ? withFault(fault, type, one) : one())
        ids.push(...webhook_ids)
      })
      return describe(done, wanted, ids.length)
    } finally {
      setSent(ids)
      setSending(undefined)
    }
  }

  return (
    <>
      <h1>Send</h1>
      <div class="form">
        <Choice label="Event" value={type} onInput={setType} options={about.eventTypes} />
        {fields.map(({ name, label, example }) => (
          <Field
            key={`${type} ${name}`}
            label={label}
            hint={`data.${name}`}
            value={values[name] ?? example}
            onInput={(text) => setValues({ ...values, [name]: text })}
          />
        ))}
        <Field
          label="More data"
          rows={2}
          value={more}
          onInput={setMore}
          placeholder='{"field": "value"}'
          hint="JSON, added to data"
        />
        <Field
          label="Metadata"
          rows={2}
          value={metadata}
          onInput={setMetadata}
          placeholder='{"job_group": "nightly"}'
          hint="JSON, becomes user_metadata"
        />
        <Choice
          label="To"
          value={scheme}
          onInput={setScheme}
          options={{ static: 'every subscribed webhook (static)', dynamic: 'one URL (dynamic)' }}
        />
        {scheme === 'dynamic' && (
          <Field
            label="URL"
            type="url"
            value={uri}
            onInput={setUri}
            placeholder="http://127.0.0.1:3000/webhooks/gemini"
          />
        )}
        <Choice
          label="What goes wrong, once"
          value={fault}
          onInput={setFault}
          options={DELIVERY_FAULTS}
          none="nothing"
        />
        <div class="filters">
          <Field label="How many" type="number" value={count} onInput={setCount} />
          <Field label="Per second" type="number" value={rate} onInput={setRate} placeholder="no limit" />
        </div>
      </div>
      <div class="actions">
        <Action kind="primary" run={send} disabled={scheme === 'dynamic' && uri === ''}>
          Send
        </Action>
        {sending && (
          <>
            <button type="button" onClick={() => sending.controller.abort()}>
              Stop
            </button>
            <span>
              {sending.done} of {sending.count} sent
            </span>
          </>
        )}
      </div>
      {sent && sent.length > 0 && (
        <ul class="plain mono" aria-label="Sent deliveries">
          {sent.slice(0, LISTED).map((id) => (
            <li key={id}>
              <a href={linkTo('deliveries', id)}>
                <Text>{id}</Text>
              </a>
            </li>
          ))}
        </ul>
      )}
      {sent && sent.length > LISTED && (
        <p>
          And {sent.length - LISTED} more, under <a href={linkTo('deliveries')}>Deliveries</a>.
        </p>
      )}
      {sent?.length === 0 && (
        <p>
          Register one under <a href={linkTo('webhooks')}>Webhooks</a>.
        </p>
      )}
    </>
  )
}

/** Gives each of several events a job of its own, where its data names one. */
function number<Body extends { readonly data: object }>(body: Body, index: number): Body {
  const { id } = body.data as { readonly id?: unknown }
  return typeof id === 'string' ? { ...body, data: { ...body.data, id: `${id}-${index + 1}` } } : body
}

function describe(done: number, wanted: number, deliveries: number): string {
  if (done < wanted) return `Stopped after ${done} of ${wanted} events.`
  if (deliveries === 0) return 'No enabled webhook is subscribed to this event.'
  const endpoints = deliveries / done
  const to = endpoints === 1 ? 'one endpoint' : `${endpoints} endpoints`
  return `Sent ${done === 1 ? '' : `${done} events `}to ${to}.`
}

function readNumber(
  label: string,
  text: string,
  { most, isWhole }: { most: number; isWhole?: true },
): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value <= most && (!isWhole || Number.isInteger(value))) return value
  throw new Error(`${label}: a ${isWhole ? 'whole ' : ''}number above 0, at most ${most}, is needed.`)
}

/** Adds a fault for the next delivery of the type; takes it away again when the event cannot be sent. */
async function withFault<Answer>(
  fault: string,
  eventType: string,
  send: () => Promise<Answer>,
): Promise<Answer> {
  if (fault === '') return send()
  const rule = await control<FaultRule>('/faults', { fault: toFault(fault), match: { eventType }, times: 1 })
  try {
    return await send()
  } catch (error) {
    await control(`/faults/${rule.id}`, undefined, 'DELETE')
    throw error
  }
}

function readObject(label: string, text: string): object {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {}
  throw new Error(`${label}: a JSON object is needed, such as {"a": 1}.`)
}
