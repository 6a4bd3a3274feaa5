import { setImmediate } from 'node:timers'

// Redis runs a script for a group without a break, so a group must not be large.
const MOST_CALLS = 100

// A command has one deadline, however much it carries. A body larger than this is sent alone.
const MOST_BYTES = 256 * 1024

interface Waiting<Call, Reply> {
  call: Call
  bytes: number
  resolve(reply: Reply): void
  reject(error: unknown): void
}

/**
 * Collects the calls of one turn of the event loop, which are then sent together.
 *
 * @param send Resolves to one reply for each call
 * @returns A function that resolves to the reply to a call. Its `bytes` limit how many calls are sent together
 */
export function groupByTurn<Call, Reply>(
  send: (calls: readonly Call[]) => Promise<readonly Reply[]>,
): (call: Call, bytes: number) => Promise<Reply> {
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
    for (const group of toGroups(turn)) void sendGroup(group)
  }
  return (call, bytes) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ call, bytes, resolve, reject }) === 1) setImmediate(endTurn)
    })
}

/** Splits calls, in their order, into groups that are not too large. */
function toGroups<Sized extends { bytes: number }>(calls: readonly Sized[]): Sized[][] {
  const groups: Sized[][] = []
  let group: Sized[] = []
  let total = 0
  for (const call of calls) {
    total += call.bytes
    if (group.length === 0 || group.length === MOST_CALLS || total > MOST_BYTES) {
      group = []
      groups.push(group)
      total = call.bytes
    }
    group.push(call)
  }
  return groups
}
