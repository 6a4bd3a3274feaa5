import { setTimeout as sleep } from 'node:timers/promises'
import { FIXTURE_EVENTS } from '@gwh/testing'
import type { Pacer } from './pacer.ts'
import { type Attempt, createPost, type PostTarget } from './post.ts'

/** What a sender knows about one delivery. */
export interface AckLogEntry {
  accepted: number
  duplicate: number
}

/** A conforming sender: fresh timestamp and signature per attempt, retries until 2xx, an ack log. */
export interface Sender {
  /** Acknowledgements by id; ids without one are absent. */
  readonly ackLog: ReadonlyMap<string, AckLogEntry>
  /** How many attempts ended with which status; 0 stands for no answer. */
  readonly statuses: ReadonlyMap<number, number>
  post(id: string): Promise<Attempt>
  /** Retries until the delivery is acknowledged. */
  deliver(id: string): Promise<void>
  /** Delivers all, `connections` at a time. */
  deliverAll(ids: readonly string[], connections: number, pacer?: Pacer): Promise<void>
}

const FIRST_WAIT_MS = 20
const LONGEST_WAIT_MS = 100
const MOST_TRIES = 2_000

/** Makes a sender with an empty ack log. `onAttempt` is called with every attempt; `signal` ends the retries of a failed scenario. */
export function createSender(
  { signal, ...target }: Omit<PostTarget, 'body'> & { signal: AbortSignal },
  onAttempt: (attempt: Attempt) => void = () => {},
): Sender {
  const attempt = createPost({ body: JSON.stringify(FIXTURE_EVENTS['batch.succeeded']), ...target })
  const ackLog = new Map<string, AckLogEntry>()
  const statuses = new Map<number, number>()

  const post = async (id: string) => {
    const outcome = await attempt(id)
    statuses.set(outcome.status, (statuses.get(outcome.status) ?? 0) + 1)
    if (isAck(outcome)) note(ackLog, outcome)
    onAttempt(outcome)
    return outcome
  }
  const deliver = async (id: string) => {
    let waitMs = FIRST_WAIT_MS
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      signal.throwIfAborted()
      if (isAck(await post(id))) return
      await sleep(waitMs)
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)
    }
    throw new RangeError(`${id} was not acknowledged in ${MOST_TRIES} attempts`)
  }
  const deliverAll = async (ids: readonly string[], connections: number, pacer?: Pacer) => {
    const rest = ids.values()
    const connection = async () => {
      for (const id of rest) {
        await pacer?.turn()
        await deliver(id)
      }
    }
    await Promise.all(Array.from({ length: connections }, connection))
  }
  return { ackLog, statuses, post, deliver, deliverAll }
}

/** Whether the delivery is done for the sender. */
export function isAck({ status }: Attempt): boolean {
  return status >= 200 && status < 300
}

function note(ackLog: Map<string, AckLogEntry>, { id, verdict }: Attempt): void {
  const entry = ackLog.get(id) ?? { accepted: 0, duplicate: 0 }
  if (verdict === 'accepted') entry.accepted++
  else entry.duplicate++
  ackLog.set(id, entry)
}
