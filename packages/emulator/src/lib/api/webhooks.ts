import { Hono } from 'hono'
import { toRfc3339 } from '../events/envelope.ts'
import { CATALOGUE_TYPES, SUBSCRIBABLE_TYPES } from '../events/event-types.ts'
import { notFound, readFields, splitVerb } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { checkKnown, type Fields, oneOf, optionalText, targetUri } from '../http/fields.ts'
import { toPage } from '../http/pages.ts'
import { liveSecrets, type RevocationBehavior, truncateSecret } from '../signing/secrets.ts'
import type { EmulatorState } from '../state/state.ts'
import { endpointOf, type Webhook, type WebhookChange, type WebhookState } from '../webhooks/registry.ts'

const CREATE_FIELDS = ['name', 'uri', 'subscribed_events']
const PATCH_FIELDS = [...CREATE_FIELDS, 'state']
const STATES: readonly WebhookState[] = ['enabled', 'disabled']
const BEHAVIORS: readonly RevocationBehavior[] = [
  'revoke_previous_secrets_after_h24',
  'revoke_previous_secrets_immediately',
]

/** Serves `/webhooks` (https://ai.google.dev/api/webhooks). */
export function webhooksApi(state: EmulatorState): Hono {
  return new Hono()
    .post('/', async (c) => c.json(create(state, await readFields(c.req.raw))))
    .get('/', (c) => c.json(list(state, c.req.query('page_size'), c.req.query('page_token'))))
    .get('/:id', (c) => c.json(show(state, find(state, c.req.param('id')))))
    .patch('/:id', async (c) => c.json(patch(state, c.req.param('id'), await readFields(c.req.raw))))
    .delete('/:id', (c) => c.json(remove(state, c.req.param('id'))))
    .post('/:id/rotate_secret', async (c) =>
      c.json(rotate(state, c.req.param('id'), await readFields(c.req.raw))),
    )
    .post('/:target', async (c) => c.json(act(state, c.req.param('target'), await readFields(c.req.raw))))
}

function create(state: EmulatorState, body: Fields) {
  checkKnown(body, CREATE_FIELDS)
  const webhook = state.webhooks.create({
    name: optionalText('name', body.name),
    uri: targetUri('uri', body.uri),
    subscribedEvents: readEventTypes(state, body.subscribed_events),
  })
  // The only time the whole secret is shown.
  return { ...show(state, webhook), new_signing_secret: webhook.secrets[0]!.value }
}

function list(state: EmulatorState, size: string | undefined, token: string | undefined) {
  const page = toPage(state.webhooks.all(), { size, token })
  const webhooks = page.items.map((webhook) => show(state, webhook))
  return { ...(webhooks.length > 0 && { webhooks }), next_page_token: page.nextToken }
}

/** Applies the body's fields; `update_mask` is ignored, as the live service was seen to do. */
function patch(state: EmulatorState, id: string, body: Fields) {
  checkKnown(body, PATCH_FIELDS)
  const change = readChange(state, body)
  return state.storage.atomically(() => {
    const webhook = state.webhooks.change(find(state, id), change)
    if (webhook.state !== 'enabled') state.sender.disable(webhook.id)
    return show(state, webhook)
  })
}

function readChange(state: EmulatorState, body: Fields): WebhookChange {
  return {
    ...('name' in body && { name: optionalText('name', body.name) }),
    ...('uri' in body && { uri: targetUri('uri', body.uri) }),
    ...('subscribed_events' in body && { subscribedEvents: readEventTypes(state, body.subscribed_events) }),
    ...('state' in body && { state: oneOf('state', body.state, STATES) }),
  }
}

function remove(state: EmulatorState, id: string) {
  const webhook = find(state, id)
  state.storage.atomically(() => {
    state.sender.disable(webhook.id)
    state.webhooks.delete(webhook.id)
  })
  return {}
}

function act(state: EmulatorState, target: string, body: Fields) {
  const { id, verb } = splitVerb(target)
  if (verb === 'ping') return ping(state, id)
  if (verb === 'rotateSigningSecret') return rotate(state, id, body)
  throw notFound('Method')
}

/** Answers before anything is delivered. What Google sends is unreported; this is an event of type `ping`. */
function ping(state: EmulatorState, id: string) {
  const webhook = find(state, id)
  state.emitTo({ type: 'ping', data: { id: webhook.id } }, [endpointOf(webhook)])
  return {}
}

function rotate(state: EmulatorState, id: string, body: Fields) {
  const webhook = find(state, id)
  checkKnown(body, ['revocation_behavior'])
  return { secret: state.webhooks.rotate(webhook, readBehavior(state, body.revocation_behavior)) }
}

/** The guide writes the value in upper case, the reference in lower. */
function readBehavior(state: EmulatorState, value: unknown): RevocationBehavior {
  const word = typeof value === 'string' && !state.settings.strict ? value.toLowerCase() : value
  return oneOf('revocation_behavior', word ?? BEHAVIORS[0], BEHAVIORS)
}

function readEventTypes(state: EmulatorState, value: unknown): readonly string[] {
  const known = state.settings.strict ? SUBSCRIBABLE_TYPES : CATALOGUE_TYPES
  if (!Array.isArray(value) || value.length === 0) {
    throw new RequestFault('invalid_request', "'subscribed_events' must list at least one event type.")
  }
  return value.map((type, index) => oneOf<string>(`subscribed_events[${index}]`, type, known))
}

function find(state: EmulatorState, id: string): Webhook {
  const webhook = state.webhooks.get(id)
  if (webhook === undefined) throw notFound('Webhook')
  return webhook
}

function show(state: EmulatorState, webhook: Webhook) {
  return {
    id: webhook.id,
    name: webhook.name,
    uri: webhook.uri,
    subscribed_events: webhook.subscribedEvents,
    state: webhook.state,
    signing_secrets: liveSecrets(webhook.secrets, state.clock.now()).map((secret) => ({
      truncated_secret: truncateSecret(secret),
      expire_time: secret.expiresAt === undefined ? undefined : toRfc3339(secret.expiresAt),
    })),
  }
}
