import type { Receiver } from '@gwh/core'
import { createSubject, isOurs, NOT_FOUND, type Subject } from '../subject.ts'

let receiver: Receiver | undefined

export default {
  fetch(request: Request, env: { SUBJECT: Subject }): Promise<Response> | Response {
    receiver ??= createSubject(env.SUBJECT)
    return isOurs(request) ? receiver.fetch(request) : NOT_FOUND()
  },
}
