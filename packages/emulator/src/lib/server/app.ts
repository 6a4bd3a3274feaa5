import { Hono } from 'hono'
import { batchesApi } from '../api/batches.ts'
import { filesApi } from '../api/files.ts'
import { interactionsApi } from '../api/interactions.ts'
import { jwksHandler } from '../api/jwks.ts'
import { modelsApi } from '../api/models.ts'
import { uploadsApi } from '../api/uploads.ts'
import { videosApi } from '../api/videos.ts'
import { webhooksApi } from '../api/webhooks.ts'
import { controlApi } from '../control/routes.ts'
import { notFound } from '../http/body.ts'
import { faultResponse, isClassic, RequestFault } from '../http/faults.ts'
import { checkApiKey, checkHost } from '../http/guards.ts'
import { EmulatorError } from '../shared/errors.ts'
import type { EmulatorState } from '../state/state.ts'
import { apiFaults } from './api-faults.ts'
import { servePage } from './page.ts'

/** Mounts each API under its path, behind the checks that all of them share. */
export function createApp(state: EmulatorState): Hono {
  const google = googleApi(state)
  const app = new Hono()
  app.use(async (c, next) => {
    checkHost(c.req.raw)
    await next()
  })
  app.use(apiFaults(state.faults))
  app.get('/.well-known/jwks.json', jwksHandler(state))
  app.route('/_gwh', controlApi(state))
  for (const version of ['/v1', '/v1beta']) {
    app.route(version, google)
    app.route(`/upload${version}`, uploadsApi(state))
  }
  app.get('/*', servePage())
  app.notFound((c) => faultResponse(notFound('Method'), c.req.path))
  app.onError((error, c) => faultResponse(toFault(error), c.req.path))
  return app
}

function googleApi(state: EmulatorState): Hono {
  const api = new Hono()
  api.use(async (c, next) => {
    checkApiKey(c.req.raw, isClassic(c.req.path))
    await next()
  })
  api.route('/webhooks', webhooksApi(state))
  api.route('/interactions', interactionsApi(state))
  api.route('/batches', batchesApi(state))
  api.route('/files', filesApi(state))
  api.route('/models', modelsApi(state))
  api.route('/models', videosApi(state))
  return api
}

function toFault(error: unknown): RequestFault {
  if (error instanceof RequestFault) return error
  if (!(error instanceof EmulatorError)) return new RequestFault('internal', 'Internal error encountered.')
  const { code, message } = error
  return new RequestFault(code === 'closed' || code === 'state_replaced' ? code : 'internal', message)
}
