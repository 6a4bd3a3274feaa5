// koa.ts
import { createNodeHandler } from '@gwh/node'
import Koa from 'koa'
import { receiver } from './receiver.ts'

const handle = createNodeHandler(receiver, { path: '/webhooks/gemini' })
const app = new Koa()
app.use((context, next) => {
  if (context.path !== '/webhooks/gemini') return next()
  context.respond = false
  handle(context.req, context.res)
})
export default app
