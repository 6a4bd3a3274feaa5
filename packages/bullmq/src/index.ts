/**
 * A durable queue on BullMQ 6, for receivers and workers on several machines.
 *
 * @module
 */

export { createBullmqQueue } from './lib/queue/bullmq-queue.ts'
export type { BullmqQueueOptions } from './lib/settings/options.ts'
