import { createReceiver, type Receiver, type ReceiverSignal } from '@gwh/core'
import { CONTRACT_PRIVATE_KEY, FIXTURE_EVENTS, signedDelivery } from '@gwh/testing'
import type { Case, Opened } from './backend.ts'
import { CANARIES, SECRET } from './canaries.ts'

/** Everything a receiver has reported. */
export interface Observed {
  signals: ReceiverSignal[]
  /** What the queue's own methods rejected with. */
  rejections: unknown[]
  /** The status and text of each answer. */
  answers: string[]
}

const BODY = JSON.stringify({
  ...FIXTURE_EVENTS['batch.succeeded'],
  data: { ...FIXTURE_EVENTS['batch.succeeded'].data, note: CANARIES.payload },
  user_metadata: { gwh_token: CANARIES['job token'] },
})
const { d: _, ...PUBLIC_KEY } = CONTRACT_PRIVATE_KEY
const PATIENCE_MS = 8_000

/** Delivers before and during a fault, handles what was queued, and collects everything that is reported. */
export async function observeFault({ open, fromTheStart, refusesOnly }: Case): Promise<Observed> {
  const opened = await open()
  const observed: Observed = { signals: [], rejections: [], answers: [] }
  const expected = refusesOnly ? 'refused' : 'fault'
  const isReported = () => observed.signals.some(({ type }) => type === expected)
  if (fromTheStart) await opened.begin()
  const receiver = createObserved(opened, observed, () => (fromTheStart ? undefined : opened.begin()))
  const worker =
    'queue' in opened.sink ? receiver.work({ leaseMs: 300, pollMs: 100, stopTimeoutMs: 0 }) : undefined
  try {
    await deliver(receiver, 'first', observed)
    await until(() => isReported() || handled.has(observed))
    await deliver(receiver, 'second', observed)
    await askQueue(opened, observed)
    await until(isReported)
  } finally {
    await worker?.stop()
    await opened.close()
  }
  return observed
}

const handled = new WeakSet<Observed>()

function createObserved({ sink }: Opened, observed: Observed, begin: () => unknown): Receiver {
  const receiver = createReceiver({
    static: { secrets: SECRET },
    dynamic: { jobKey: CANARIES['job key'], jwks: { keys: [PUBLIC_KEY] } },
    ...sink,
    observer: (signal) => observed.signals.push(signal),
  })
  return receiver.on('*', async () => {
    await begin()
    handled.add(observed)
  })
}

async function deliver(receiver: Receiver, id: string, { answers }: Observed): Promise<void> {
  const genuine = await signedDelivery({ id, body: BODY, secret: SECRET })
  const foreign = await signedDelivery({ id: `${id}-foreign`, body: BODY, privateKey: CONTRACT_PRIVATE_KEY })
  const forged = { ...genuine, headers: { ...foreign.headers, 'webhook-signature': CANARIES['job token'] } }
  for (const delivery of [genuine, foreign, forged]) {
    const { status, body } = await receiver.receive(delivery)
    answers.push(`${status} ${body}`)
  }
}

async function askQueue({ sink }: Opened, { rejections }: Observed): Promise<void> {
  if (!('queue' in sink)) return
  const { queue } = sink
  const asked = [
    queue.stats(),
    queue.deadLetters.list(),
    queue.deadLetters.redrive('all'),
    queue.drain(async () => {}),
  ]
  for (const outcome of await Promise.allSettled(asked)) {
    if (outcome.status === 'rejected') rejections.push(outcome.reason)
  }
}

/** Polls a condition, and continues without it after a while. */
async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!isSo() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10))
}
