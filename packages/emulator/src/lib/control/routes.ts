import { Hono } from 'hono'
import { readFields } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { checkKnown, type Fields, isFields, readMetadata, readUris } from '../http/fields.ts'
import { checkJsonType, checkOrigin } from '../http/guards.ts'
import type { TriggerResult } from '../shared/types.ts'
import type { EmulatorState } from '../state/state.ts'

/** Serves `/_gwh`: the emulator's own API, which Google does not have. */
export function controlApi(state: EmulatorState): Hono {
  return new Hono()
    .use(async (c, next) => {
      checkOrigin(c.req.raw)
      await next()
    })
    .get('/health', (c) => c.json({ status: 'ok' }))
    .get('/deliveries', (c) => c.json({ deliveries: state.sender.snapshots() }))
    .post('/trigger', async (c) => {
      checkJsonType(c.req.raw)
      const { deliveries, webhookIds } = trigger(state, await readFields(c.req.raw))
      return c.json({ webhook_ids: webhookIds, deliveries })
    })
}

/** Emits an invented event, given in the control API's spelling. */
export function trigger(state: EmulatorState, body: Fields): TriggerResult {
  checkKnown(body, ['type', 'data', 'user_metadata', 'uris'])
  const { type, data } = body
  if (typeof type !== 'string' || type === '')
    throw new RequestFault('invalid_request', "'type' is required.")
  if (!isFields(data)) throw new RequestFault('invalid_request', "'data' must be an object.")
  const jobId = typeof data.id === 'string' ? data.id : undefined
  const event = { type, data, userMetadata: readMetadata(body.user_metadata), jobId }
  const deliveries = state.emit(event, readUris(body.uris))
  return { deliveries, webhookIds: deliveries.map((delivery) => delivery.webhookId) }
}
