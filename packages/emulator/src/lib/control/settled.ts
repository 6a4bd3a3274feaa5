import { EmulatorError } from '../shared/errors.ts'
import { firstOf } from '../shared/first-of.ts'
import { MAX_TIMER_MS } from '../shared/limits.ts'
import { number } from '../shared/option-values.ts'
import type { EmulatorState } from '../state/state.ts'

const NAMED = 5

/** Waits until nothing is pending; for `timeoutMs` at most, when it is given. */
export async function settled(state: EmulatorState, timeoutMs: number | undefined): Promise<void> {
  if (timeoutMs === undefined) return state.settled()
  number('timeoutMs', timeoutMs, { atMost: MAX_TIMER_MS })
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new EmulatorError('not_settled', describe(state, timeoutMs))), timeoutMs)
  })
  await Promise.race([state.settled(), late]).finally(() => clearTimeout(timer))
}

/** Names what is pending, and what the receiver answered last: that is usually why. */
function describe({ jobs, sender, clock }: EmulatorState, timeoutMs: number): string {
  const running = jobs.running()
  const pending = sender.pending(NAMED)
  const lines = [
    ...firstOf(running.values(), NAMED).map(({ id, dueAt }) => `${id} ends in ${dueAt - clock.now()} ms`),
    ...pending.first.map(({ eventType, uri, attempts }) => {
      const last = attempts.at(-1)
      const answer =
        last === undefined ? 'not sent yet' : `last answer ${last.status ?? last.code ?? 'awaited'}`
      return `${eventType} to ${uri}: ${answer}`
    }),
  ].slice(0, NAMED)
  const others = running.size + pending.count - lines.length
  const more = others > 0 ? `, and ${others} more` : ''
  return `not settled after ${timeoutMs} ms: ${lines.join('; ')}${more}`
}
