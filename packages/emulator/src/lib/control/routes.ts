import { Hono } from 'hono'
import { webhooksApi } from '../api/webhooks.ts'
import { readFields, readObject } from '../http/body.ts'
import { checkKnown } from '../http/fields.ts'
import { checkControlToken, checkJsonType, checkOrigin } from '../http/guards.ts'
import type { EmulatorState } from '../state/state.ts'
import { about } from './about.ts'
import { clockApi } from './clock.ts'
import { deliveriesApi } from './deliveries.ts'
import { exportState, importState } from './export.ts'
import { faultsApi } from './faults.ts'
import { finish } from './finish.ts'
import { jobsApi } from './jobs.ts'
import { queueApi } from './queue.ts'
import { scenariosApi } from './scenarios.ts'
import { openSession } from './session.ts'
import { streamSignals } from './signals.ts'
import { trigger } from './trigger.ts'

// A hundred thousand jobs of a few kilobytes.
const MAX_IMPORT_BYTES = 256 * 1024 * 1024

/** Serves `/_gwh`: the emulator's own API, which Google does not have. */
export function controlApi(state: EmulatorState): Hono {
  return new Hono()
    .use(async (c, next) => {
      checkOrigin(c.req.raw)
      await next()
    })
    .get('/health', (c) => c.json({ status: 'ok' }))
    .post('/session', async (c) => {
      checkJsonType(c.req.raw)
      return c.json(openSession(state, await readFields(c.req.raw)))
    })
    .route('/', guardedApi(state))
}

/** Everything but health and the opening of a session: it wants the token, and JSON where something changes. */
function guardedApi(state: EmulatorState): Hono {
  return (
    new Hono()
      .use(async (c, next) => {
        checkControlToken(c.req.raw, [state.settings.controlToken, ...state.sessions.tokens()])
        if (['POST', 'PATCH'].includes(c.req.method)) checkJsonType(c.req.raw)
        await next()
      })
      .post('/trigger', async (c) => {
        const { deliveries, webhookIds } = await trigger(state, await readFields(c.req.raw))
        return c.json({ webhook_ids: webhookIds, deliveries })
      })
      .post('/finish', async (c) => {
        const body = await readFields(c.req.raw)
        checkKnown(body, ['job', 'outcome'])
        return c.json({ deliveries: await finish(state, body.job, body.outcome) })
      })
      .get('/export', (c) => c.json(exportState(state)))
      .post('/import', async (c) => {
        importState(state, await readObject(c.req.raw, MAX_IMPORT_BYTES))
        return c.json({})
      })
      .get('/signals', (c) => streamSignals(c, state))
      .post('/keys/rotate', async (c) => {
        await state.keys.rotate()
        return c.json({})
      })
      .get('/about', (c) => c.json(about(state)))
      .post('/tickets', (c) => c.json({ ticket: state.sessions.newTicket() }))
      .route('/clock', clockApi(state))
      .route('/deliveries', deliveriesApi(state))
      .route('/faults', faultsApi(state.faults))
      .route('/jobs', jobsApi(state))
      .route('/queue', queueApi(state))
      .route('/scenarios', scenariosApi(state))
      // For the page: without an API key, and out of reach of injected faults of the API.
      .route('/webhooks', webhooksApi(state))
  )
}
