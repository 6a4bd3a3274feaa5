import { useState } from 'preact/hooks'
import type { AboutEmulator } from '../../src/lib/protocol/emulator.ts'
import { control } from '../api/client.ts'
import type { Webhook } from '../api/types.ts'
import { toneOf } from '../text/reasons.ts'
import { copy } from '../ui/notices.tsx'
import { Action, Badge, Choice, Danger, Empty, Failure, Text } from '../ui/parts.tsx'
import { useData } from '../ui/use-data.ts'
import { CreateWebhook } from './create-webhook.tsx'

/** A secret that is shown this once, and whose it is. */
export interface NewSecret {
  readonly of: string
  readonly value: string
}

/** The registered webhooks. */
export function Webhooks({ about }: { about: AboutEmulator }) {
  const { value, error } = useData<{ webhooks?: Webhook[] }>(() => control('/webhooks?page_size=1000'), [])
  const [secret, setSecret] = useState<NewSecret>()
  const webhooks = value?.webhooks ?? []
  return (
    <>
      <h1>Webhooks</h1>
      <Failure error={error} />
      {secret && <Secret secret={secret} close={() => setSecret(undefined)} />}
      {value && webhooks.length === 0 && (
        <Empty command="gwh dev --forward http://127.0.0.1:3000/webhooks/gemini">
          No webhook is registered. Create one below, or let gwh dev register your receiver:
        </Empty>
      )}
      {webhooks.map((webhook) => (
        <Card key={webhook.id} webhook={webhook} showSecret={setSecret} />
      ))}
      <CreateWebhook about={about} showSecret={setSecret} />
    </>
  )
}

/** A new secret: masked, because screens are shared, and shown only this once. */
function Secret({ secret, close }: { secret: NewSecret; close: () => void }) {
  const [isShown, setShown] = useState(false)
  return (
    <section class="card secret" aria-label="The new signing secret">
      <p>
        The new signing secret of <Text>{secret.of}</Text>. It is shown this once: give it to the receiver as{' '}
        <code>GEMINI_WEBHOOK_SECRET</code>.
      </p>
      <p class="mono" data-secret>
        {isShown ? secret.value : `whsec_${'•'.repeat(24)}`}
      </p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => copy(secret.value, 'The secret')}>
          Copy
        </button>
        <button type="button" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
          {isShown ? 'Hide' : 'Show'}
        </button>
        <button type="button" onClick={close}>
          Done
        </button>
      </div>
    </section>
  )
}

function Card({ webhook, showSecret }: { webhook: Webhook; showSecret: (secret: NewSecret) => void }) {
  const { id, name, uri, state, subscribed_events: events, signing_secrets: secrets } = webhook
  const isEnabled = state === 'enabled'
  const setState = async (wanted: string) => {
    await control(`/webhooks/${id}`, { state: wanted }, 'PATCH')
    return `The webhook is ${wanted}.`
  }
  const remove = async () => {
    await control(`/webhooks/${id}`, undefined, 'DELETE')
    return 'The webhook is deleted.'
  }
  const ping = async () => {
    await control(`/webhooks/${id}:ping`, {})
    return 'A ping is on its way.'
  }
  return (
    <section class="card" aria-label={name ?? uri}>
      <h2>
        <Text>{name ?? 'webhook'}</Text> <Badge tone={toneOf(state)}>{state.replaceAll('_', ' ')}</Badge>
      </h2>
      <dl class="facts">
        <dt>URL</dt>
        <dd class="mono">
          <Text>{uri}</Text>
        </dd>
        <dt>Events</dt>
        <dd>{events.join(', ')}</dd>
        <dt>Secrets</dt>
        <dd class="mono">
          {secrets.map(({ truncated_secret: text, expire_time: end }) => (
            <div key={text}>
              {text} {end ? <small>signs until {end}</small> : <small>active</small>}
            </div>
          ))}
        </dd>
      </dl>
      <div class="actions">
        <Action run={ping}>Ping</Action>
        <Action run={() => setState(isEnabled ? 'disabled' : 'enabled')}>
          {isEnabled ? 'Disable' : 'Enable'}
        </Action>
        <Danger run={remove} question="Delete it and its secrets?">
          Delete
        </Danger>
      </div>
      <Rotate webhook={webhook} showSecret={showSecret} />
    </section>
  )
}

const BEHAVIOURS = {
  revoke_previous_secrets_after_h24: 'both sign for 24 hours',
  revoke_previous_secrets_immediately: 'the old one ends at once',
}

function Rotate({ webhook, showSecret }: { webhook: Webhook; showSecret: (secret: NewSecret) => void }) {
  const [behaviour, setBehaviour] = useState('revoke_previous_secrets_after_h24')
  const rotate = async () => {
    const { secret } = await control<{ secret: string }>(`/webhooks/${webhook.id}:rotateSigningSecret`, {
      revocation_behavior: behaviour,
    })
    showSecret({ of: webhook.name ?? webhook.uri, value: secret })
    scrollTo({ top: 0 })
    return 'The secret is rotated.'
  }
  return (
    <div class="filters">
      <Choice label="New secret" value={behaviour} onInput={setBehaviour} options={BEHAVIOURS} />
      <Action run={rotate}>Rotate</Action>
    </div>
  )
}
