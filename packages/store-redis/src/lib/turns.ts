import { setImmediate } from 'node:timers'
import type { Clock } from '@gwh/core/queue'
import { noAnswer } from './redis-errors.ts'

/** How calls of one turn of the event loop are sent together. */
export interface TurnOptions<Call> {
  /**
   * Sends a group of calls and resolves to one reply for each.
   *
   * @param signal Aborts when the time of the group has run out
   */
  send(calls: readonly Call[], signal: AbortSignal): Promise<readonly unknown[]>
  /** Whether a group may have more than one call. */
  together: boolean
  /** How long a call waits for its reply, in milliseconds. One timer serves a whole group. */
  timeoutMs: number
  clock: Clock
  /** Called for each reply that arrives after its call was rejected. */
  late?(call: Call, reply: unknown): void
}

// Redis runs a script for a group without a break, so a group must not be large.
const MOST_CALLS = 100

interface Waiting<Call> {
  call: Call
  resolve(reply: unknown): void
  reject(error: unknown): void
}

/**
 * Collects the calls of one turn of the event loop, which then share a command, a write, a timer and a reply.
 *
 * If Redis answers that their keys belong to different slots, calls are sent one by one from then on.
 *
 * @returns A function that resolves to the reply to a call, and rejects with `store_unavailable` when the time has run
 * out or with what `send` rejects with
 */
export function groupByTurn<Call>(options: TurnOptions<Call>): (call: Call) => Promise<unknown> {
  let most = options.together ? MOST_CALLS : 1
  let waiting: Waiting<Call>[] = []
  const endTurn = () => {
    const turn = waiting
    waiting = []
    for (let start = 0; start < turn.length; start += most) sendGroup(turn.slice(start, start + most))
  }
  const sendGroup = (group: readonly Waiting<Call>[]) => {
    exchange(group, options).catch((error: unknown) => {
      // Redis says so before it runs anything.
      if (group.length === 1 || !isAcrossSlots(error)) return rejectAll(group, error)
      most = 1
      for (const one of group) sendGroup([one])
    })
  }
  return (call) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ call, resolve, reject }) === 1) setImmediate(endTurn)
    })
}

/** Sends a group and resolves its calls; rejects if they are neither answered nor given up. */
async function exchange<Call>(
  group: readonly Waiting<Call>[],
  { send, timeoutMs, clock, late }: TurnOptions<Call>,
): Promise<void> {
  const controller = new AbortController()
  const cancel = clock.schedule(() => {
    rejectAll(group, noAnswer(timeoutMs))
    controller.abort()
  }, timeoutMs)
  try {
    const calls = group.map(({ call }) => call)
    const replies = await send(calls, controller.signal)
    for (const [index, { call, resolve }] of group.entries()) {
      if (controller.signal.aborted) late?.(call, replies[index])
      else resolve(replies[index])
    }
  } catch (error) {
    if (!controller.signal.aborted) throw error
  } finally {
    cancel()
  }
}

function rejectAll(group: readonly Waiting<unknown>[], error: unknown): void {
  for (const { reject } of group) reject(error)
}

function isAcrossSlots(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('CROSSSLOT')
}
