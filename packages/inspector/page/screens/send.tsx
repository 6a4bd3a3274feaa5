import { useState } from 'preact/hooks'
import type { AboutEmulator } from '../../src/lib/protocol/emulator.ts'
import { control } from '../api/client.ts'
import type { FaultRule } from '../api/types.ts'
import { DELIVERY_FAULTS, fieldsOf, toFault } from '../text/event-forms.ts'
import { Action, Choice, Field, Text } from '../ui/parts.tsx'
import { linkTo } from '../ui/router.ts'

interface Sent {
  readonly webhook_ids: readonly string[]
}

/** Sends an event: a form for each type. */
export function Send({ about }: { about: AboutEmulator }) {
  const [type, setType] = useState('batch.succeeded')
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const [more, setMore] = useState('')
  const [metadata, setMetadata] = useState('')
  const [scheme, setScheme] = useState('static')
  const [uri, setUri] = useState('')
  const [fault, setFault] = useState('')
  const [sent, setSent] = useState<Sent>()
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
    const answer = await withFault(fault, type, () => control<Sent>('/trigger', body))
    setSent(answer)
    const count = answer.webhook_ids.length
    return count === 0
      ? 'No enabled webhook is subscribed to this event.'
      : `Sent to ${count === 1 ? 'one endpoint' : `${count} endpoints`}.`
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
      </div>
      <div class="actions">
        <Action kind="primary" run={send} disabled={scheme === 'dynamic' && uri === ''}>
          Send
        </Action>
      </div>
      {sent && sent.webhook_ids.length > 0 && (
        <ul class="plain mono" aria-label="Sent deliveries">
          {sent.webhook_ids.map((id) => (
            <li key={id}>
              <a href={linkTo('deliveries', id)}>
                <Text>{id}</Text>
              </a>
            </li>
          ))}
        </ul>
      )}
      {sent?.webhook_ids.length === 0 && (
        <p>
          Register one under <a href={linkTo('webhooks')}>Webhooks</a>.
        </p>
      )}
    </>
  )
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
