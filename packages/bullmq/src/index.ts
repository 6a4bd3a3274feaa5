export { createBullmqQueue } from './lib/bullmq-queue.ts'
export type { BullmqQueueOptions } from './lib/options.ts'
