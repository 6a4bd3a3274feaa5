import { setImmediate } from 'node:timers'

// Redis runs a script for a group without a break, so a group must not be large.
const MOST_CALLS = 100

interface Waiting<Call, Reply> {
  call: Call
  resolve(reply: Reply): void
  reject(error: unknown): void
}

/**
 * Collects the calls of one turn of the event loop, which are then sent together.
 *
 * @param send Resolves to one reply for each call
 */
export function groupByTurn<Call, Reply>(
  send: (calls: readonly Call[]) => Promise<readonly Reply[]>,
): (call: Call) => Promise<Reply> {
  let waiting: Waiting<Call, Reply>[] = []
  const sendGroup = async (group: readonly Waiting<Call, Reply>[]) => {
    try {
      const replies = await send(group.map(({ call }) => call))
      for (const [index, { resolve }] of group.entries()) resolve(replies[index]!)
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
  const endTurn = () => {
    const turn = waiting
    waiting = []
    for (let start = 0; start < turn.length; start += MOST_CALLS) {
      void sendGroup(turn.slice(start, start + MOST_CALLS))
    }
  }
  return (call) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ call, resolve, reject }) === 1) setImmediate(endTurn)
    })
}
