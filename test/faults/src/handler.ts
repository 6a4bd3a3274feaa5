import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { EventHandler } from '@gwh/core'
import type { ReceiverSettings } from './settings.ts'

/** Deliveries with such an id kill the process that handles them. */
export const POISON = 'poison'

/** A handler whose only effect can be counted afterwards. */
export function createHandler({ effects, pauseMs, slow, twiceLog }: ReceiverSettings): EventHandler {
  const running = new Set<string>()
  return async (_, { delivery: { id }, attempt, tx }) => {
    if (id.startsWith(POISON)) process.kill(process.pid, 'SIGKILL')
    if (effects.kind === 'file') {
      appendFileSync(effects.path, `${id},${process.pid},${attempt}\n`)
    } else {
      tx!((database) => {
        database
          .prepare('INSERT INTO effects (id, pid, attempt) VALUES (?, ?, ?)')
          .run(id, process.pid, attempt)
      })
    }
    if (twiceLog !== undefined && running.has(id)) appendFileSync(twiceLog, `${id},${process.pid}\n`)
    running.add(id)
    const isSlow = slow !== undefined && Number(id.replace(/\D/g, '')) % slow.every === 0
    await pause(isSlow ? slow.pauseMs : pauseMs)
    running.delete(id)
  }
}
