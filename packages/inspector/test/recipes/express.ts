import { getRequestListener } from '@hono/node-server'
import express from 'express'

type Handler = (request: Request) => Promise<Response>

/** The recipe for Express. */
export function expressApp(dashboard: Handler): express.Express {
  const app = express()
  app.all('/admin/webhooks{/*path}', getRequestListener(dashboard)) // before any body parser
  app.use(express.json())
  return app
}
