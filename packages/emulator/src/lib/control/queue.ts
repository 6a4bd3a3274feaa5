import { createQueueApi } from '@gwh/inspector/page'
import { Hono } from 'hono'
import { notFound } from '../http/body.ts'
import type { EmulatorState } from '../state/state.ts'

const MOUNT = '/_gwh/queue'

/** Serves `/_gwh/queue`: the queue of the options, as its dashboard shows it. */
export function queueApi({ settings }: EmulatorState): Hono {
  const api = settings.queue && createQueueApi(settings.queue)
  return new Hono().all('/*', (c) => {
    if (api === undefined) throw notFound('A queue (the option `queue`)')
    return api(c.req.raw, new URL(c.req.url).pathname.slice(MOUNT.length))
  })
}
