import { createPage } from '@gwh/inspector/page'
import type { MiddlewareHandler } from 'hono'

/** Serves the page at `/`. It holds no data and no token: it reads everything from the control API. */
export function servePage(): MiddlewareHandler {
  const page = createPage({ mode: 'emulator', basePath: '' })
  return async (c, next) => {
    const answer = await page(c.req.path)
    if (answer === undefined) await next()
    return answer
  }
}
