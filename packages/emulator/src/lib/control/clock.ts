import { Hono } from 'hono'
import { readFields } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { checkKnown } from '../http/fields.ts'
import { LAST_TIME_MS } from '../shared/clock.ts'
import type { EmulatorState } from '../state/state.ts'

/** Serves `/_gwh/clock`. */
export function clockApi({ clock }: EmulatorState): Hono {
  const show = () => ({ now: clock.now(), paused: clock.isPaused() })
  return new Hono()
    .get('/', (c) => c.json(show()))
    .post('/advance', async (c) => {
      const body = await readFields(c.req.raw)
      checkKnown(body, ['ms'])
      if (typeof body.ms !== 'number' || !(body.ms >= 0) || !Number.isFinite(body.ms)) {
        throw new RequestFault('invalid_request', "'ms' must be a number of at least 0.")
      }
      if (clock.now() + body.ms > LAST_TIME_MS) {
        throw new RequestFault('invalid_request', "'ms' is too large: the clock ends with the year 9999.")
      }
      await clock.advance(body.ms)
      return c.json(show())
    })
    .post('/pause', (c) => {
      clock.pause()
      return c.json(show())
    })
    .post('/resume', (c) => {
      clock.resume()
      return c.json(show())
    })
}
