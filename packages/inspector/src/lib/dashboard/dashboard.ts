import { WebhookConfigError } from '@gwh/core/errors'
import { createPage } from '../assets/page.ts'
import { errorAnswer } from '../http/answers.ts'
import { createQueueApi, type InspectableQueue } from '../queue/queue-api.ts'
import { refuseForeignAction } from './guards.ts'

/** Options of `createDashboard`. */
export interface DashboardOptions {
  /** The queue to show. Any `DeliveryQueue`: SQLite, BullMQ, memory. */
  queue: InspectableQueue
  /**
   * Decides who may use the dashboard, for every request, its script and stylesheet included. Only `true` allows it;
   * `false` answers 403, and a `Response` is sent as it is, for instance a redirect to a login page. A dashboard shows
   * payloads and deletes dead letters, so there is no default.
   */
  authorize: (request: Request) => boolean | Response | Promise<boolean | Response>
  /** The path of the dashboard as browsers see it, such as `/admin/webhooks`. Default `/`. */
  basePath?: string
  /**
   * The origin of the dashboard as browsers see it, such as `https://ops.example.com`. Actions of other origins are
   * refused. Needed only behind a proxy that changes the `Host` header. Default: the host of the request.
   */
  origin?: string
}

const OPTIONS = ['queue', 'authorize', 'basePath', 'origin']

/**
 * Creates a dashboard over a queue: counts, deliveries, dead letters with their reasons, redrive, purge and replay. It
 * keeps nothing and works while receivers run.
 *
 * @example
 * ```ts
 * const dashboard = createDashboard({ queue, authorize: isAdmin, basePath: '/admin/webhooks' })
 * app.all('/admin/webhooks/*', (c) => dashboard(c.req.raw)) // Hono
 * ```
 *
 * @returns A fetch handler. Never rejects
 * @throws WebhookConfigError `option_invalid`, above all without `authorize`
 */
export function createDashboard(options: DashboardOptions): (request: Request) => Promise<Response> {
  checkOptions(options)
  const { queue, authorize, origin } = options
  const basePath = (options.basePath ?? '/').replace(/\/$/, '')
  const page = createPage({ mode: 'dashboard', basePath })
  const api = createQueueApi(queue)

  async function answer(request: Request): Promise<Response> {
    const path = below(basePath, new URL(request.url).pathname)
    if (path === undefined) return errorAnswer(404, 'not_found', 'There is no such path.')
    const isAction = request.method === 'POST'
    if (!isAction && request.method !== 'GET') {
      return errorAnswer(405, 'method_not_allowed', 'Only GET and POST are allowed.')
    }
    const allowed = await authorize(request)
    if (allowed instanceof Response) return allowed
    if (allowed !== true) return errorAnswer(403, 'permission_denied', 'You may not use this dashboard.')
    const refusal = isAction ? refuseForeignAction(request, origin) : undefined
    if (refusal !== undefined) return refusal
    if (path.startsWith('/api/')) return api(request, path.slice('/api'.length))
    const part = isAction ? undefined : await page(path)
    return part ?? errorAnswer(404, 'not_found', 'There is no such path.')
  }

  // The error boundary: what `authorize` throws must neither open the dashboard nor appear in the answer.
  return (request) => answer(request).catch(() => errorAnswer(500, 'internal', 'The dashboard failed.'))
}

function checkOptions(options: DashboardOptions): void {
  const { queue, authorize, basePath = '/', origin } = options ?? {}
  const unknown = Object.keys(options ?? {}).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined) throw invalid(`createDashboard has no option '${unknown}'`)
  if (typeof queue?.stats !== 'function') throw invalid('createDashboard needs a queue')
  if (typeof authorize !== 'function') {
    throw invalid('createDashboard needs authorize: it shows payloads and deletes dead letters')
  }
  if (typeof basePath !== 'string' || !/^\/([\w.~-]+(\/[\w.~-]+)*\/?)?$/.test(basePath)) {
    throw invalid("basePath must be a path such as '/admin/webhooks'")
  }
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).origin !== origin)) {
    throw invalid("origin must be an origin such as 'https://ops.example.com'")
  }
}

function invalid(message: string): WebhookConfigError {
  return new WebhookConfigError('option_invalid', message)
}

/** A path below another, starting with a slash, or empty for the path itself; `undefined` elsewhere. */
function below(basePath: string, path: string): string | undefined {
  if (path === basePath) return ''
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : undefined
}
