import { Hono } from 'hono'

type Handler = (request: Request) => Promise<Response>

/** The recipe for Hono. */
export function honoApp(dashboard: Handler): Hono {
  const app = new Hono()
  app.all('/admin/webhooks', (c) => dashboard(c.req.raw))
  app.all('/admin/webhooks/*', (c) => dashboard(c.req.raw))
  return app
}
