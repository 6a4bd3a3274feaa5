import type {
  Clock,
  DeliveryQueue,
  ProcessDelivery,
  QueuedDelivery,
  QueueWorker,
  WorkOptions,
} from '@gwh/core/queue'
import { createFakeClock, type FakeClock } from '../fixtures/fake-clock.ts'
import { queuedDelivery } from '../fixtures/queued-delivery.ts'
import { assertEqual } from '../shared/assert.ts'

/** How the queue contract creates the queue it tests. */
export interface QueueContract {
  /** Makes an empty queue that runs on `clock`; called once per test. */
  create(clock: Clock): DeliveryQueue | Promise<DeliveryQueue>
  /**
   * Reopens what the last `create` made, after it was closed. Leave it out only for a queue that
   * promises nothing beyond its own process; the rules on restarts are then skipped.
   */
  reopen?(clock: Clock): DeliveryQueue | Promise<DeliveryQueue>
  /** Makes an empty queue that keeps the bodies of handled deliveries for an hour; for the rules on `replay`. */
  createRetaining?(clock: Clock): DeliveryQueue | Promise<DeliveryQueue>
}

/** What a test of the queue contract works with. */
export interface QueueHarness {
  clock: FakeClock
  queue: DeliveryQueue
  /** Enqueues a new delivery. */
  enqueue(fields?: Partial<QueuedDelivery>): Promise<QueuedDelivery>
  /** Starts a worker that is stopped when the test ends. */
  work(process: ProcessDelivery, options?: WorkOptions): QueueWorker
  /** Closes the queue and opens it again. */
  restart(): Promise<void>
}

/** Registers one rule of the queue contract. */
export type DefineRule = (title: string, run: (harness: QueueHarness) => Promise<void>) => void

/** Runs one test on a queue of its own and leaves nothing running behind. */
export async function withQueueHarness(
  contract: Pick<QueueContract, 'create' | 'reopen'>,
  run: (harness: QueueHarness) => Promise<void>,
): Promise<void> {
  const clock = createFakeClock()
  const workers: QueueWorker[] = []
  const harness: QueueHarness = {
    clock,
    queue: await contract.create(clock),
    async enqueue(fields) {
      const message = queuedDelivery({ receivedAt: clock.now(), ...fields })
      assertEqual(await harness.queue.enqueue(message), 'enqueued', 'enqueue of a new delivery')
      return message
    },
    work(process, options) {
      const worker = harness.queue.work(process, options)
      workers.push(worker)
      return worker
    },
    async restart() {
      await harness.queue.close()
      harness.queue = (await contract.reopen?.(clock)) ?? harness.queue
    },
  }
  try {
    await run(harness)
  } finally {
    await stopAll(workers, clock)
    await harness.queue.close()
  }
}

async function stopAll(workers: QueueWorker[], clock: FakeClock): Promise<void> {
  const stopping = Promise.all(workers.map((worker) => worker.stop()))
  // A failed test may have left handlers waiting: their timeouts must expire.
  await clock.advance(60_000)
  await stopping
}

/** What handlers wait on and a test opens. */
export interface Latch {
  opened: Promise<void>
  open(): void
}

/** Makes a closed latch. */
export function createLatch(): Latch {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}
