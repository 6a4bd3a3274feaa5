import { createPacer } from './pacer.ts'
import type { Sender } from './sender.ts'

/** An endless stream of deliveries. */
export interface Flow {
  /** Stops starting deliveries; resolves once every started one is acknowledged. Safe to call twice. */
  stop(): Promise<void>
}

/** Delivers one id after the other at a steady pace until it is stopped. */
export function startFlow(
  sender: Sender,
  { pace, connections, prefix = 'msg' }: { pace: number; connections: number; prefix?: string },
): Flow {
  const pacer = createPacer(pace)
  let stopping = false
  function* ids() {
    for (let index = 0; !stopping; index++) yield `${prefix}_${index}`
  }
  const rest = ids()
  const connection = async () => {
    for (const id of rest) {
      await pacer.turn()
      await sender.deliver(id)
    }
  }
  const done = Promise.all(Array.from({ length: connections }, connection))
  // `stop` rejects with it; a scenario that fails earlier never calls it.
  done.catch(() => {})
  return {
    async stop() {
      stopping = true
      await done
      pacer.close()
    },
  }
}
