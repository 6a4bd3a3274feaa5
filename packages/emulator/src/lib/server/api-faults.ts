import type { Context, MiddlewareHandler } from 'hono'
import type { FaultRules } from '../faults/rules.ts'
import { errorResponse } from '../http/faults.ts'

// A version follows the host, or `/upload`.
const API_PATH = /^(\/upload)?\/(?:v1|v1beta)(?=\/)/

/** Answers calls of the API as the injected faults say. */
export function apiFaults(faults: FaultRules): MiddlewareHandler {
  return async (c, next) => {
    const applied = API_PATH.test(c.req.path)
      ? faults.forApi(c.req.method, c.req.path.replace(API_PATH, '$1')).slice(0, 1)
      : []
    faults.use(applied)
    const fault = applied[0]?.fault
    if (fault === undefined || fault.afterEffect) await next()
    if (fault === undefined) return
    const response = errorResponse(c.req.path, fault)
    replaceAnswer(c, response)
  }
}

/** Hono merges the headers of an answer that is set over another one, so the first is taken away. */
function replaceAnswer(c: Context, response: Response): void {
  c.res = undefined
  c.res = response
}
