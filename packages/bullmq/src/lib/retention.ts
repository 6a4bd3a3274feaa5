import type { KeepJobs } from 'bullmq'
import type { BullmqSettings } from './options.ts'

/** The retentions as BullMQ takes them, in seconds. It deletes what is older whenever it settles another job. */
export function toKeep({
  retentionMs,
  deadRetentionMs,
}: Pick<BullmqSettings, 'retentionMs' | 'deadRetentionMs'>): {
  keepDone: KeepJobs
  keepDead: KeepJobs
} {
  return {
    keepDone: { age: Math.ceil(retentionMs / 1_000) },
    keepDead: { age: Math.ceil(deadRetentionMs / 1_000) },
  }
}
