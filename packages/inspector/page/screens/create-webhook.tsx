import { useState } from 'preact/hooks'
import type { AboutEmulator } from '../../src/lib/protocol/emulator.ts'
import { control } from '../api/client.ts'
import type { Webhook } from '../api/types.ts'
import { Action, Field } from '../ui/parts.tsx'
import type { NewSecret } from './webhooks.tsx'

/** The form of a new webhook. */
export function CreateWebhook(props: {
  readonly about: AboutEmulator
  readonly showSecret: (secret: NewSecret) => void
}) {
  const { about, showSecret } = props
  const [name, setName] = useState('')
  const [uri, setUri] = useState('')
  const [events, setEvents] = useState<readonly string[]>(about.eventTypes)
  const toggle = (type: string) =>
    setEvents(events.includes(type) ? events.filter((other) => other !== type) : [...events, type])
  const create = async () => {
    const body = { ...(name && { name }), uri, subscribed_events: events }
    const webhook = await control<Webhook>('/webhooks', body)
    showSecret({ of: name || uri, value: webhook.new_signing_secret ?? '' })
    setName('')
    setUri('')
    return 'The webhook is registered.'
  }
  return (
    <section class="card" aria-labelledby="create">
      <h2 id="create">Create a webhook</h2>
      <div class="filters">
        <Field
          label="URL"
          type="url"
          value={uri}
          onInput={setUri}
          placeholder="http://127.0.0.1:3000/webhooks/gemini"
        />
        <Field label="Name" value={name} onInput={setName} placeholder="optional" />
      </div>
      <fieldset>
        <legend>Events</legend>
        <div class="checks">
          {about.eventTypes.map((type) => (
            <label key={type}>
              <input type="checkbox" checked={events.includes(type)} onChange={() => toggle(type)} /> {type}
            </label>
          ))}
        </div>
      </fieldset>
      <div class="actions">
        <Action kind="primary" run={create} disabled={uri === '' || events.length === 0}>
          Create
        </Action>
      </div>
    </section>
  )
}
