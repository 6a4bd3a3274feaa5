import type { BullmqSettings } from './options.ts'

/** How long BullMQ keeps a settled job. */
export interface KeepFor {
  /** In seconds. */
  age: number
}

/** Converts the retentions to those of BullMQ, which deletes older jobs whenever it settles one. */
export function toKeep({
  retentionMs,
  deadRetentionMs,
  retainBodies,
}: Pick<BullmqSettings, 'retentionMs' | 'deadRetentionMs' | 'retainBodies'>): {
  keepDone: KeepFor
  keepDead: KeepFor
  retainMs: number | undefined
} {
  return {
    keepDone: { age: Math.ceil(retentionMs / 1_000) },
    keepDead: { age: Math.ceil(deadRetentionMs / 1_000) },
    retainMs: retainBodies?.forMs,
  }
}
