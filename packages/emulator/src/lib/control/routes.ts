import { Hono } from 'hono'
import { readFields } from '../http/body.ts'
import { checkJsonType, checkOrigin } from '../http/guards.ts'
import type { EmulatorState } from '../state/state.ts'
import { trigger } from './trigger.ts'

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
