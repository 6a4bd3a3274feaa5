import { createMemoryQueue, type WorkOptions } from '@gwh/core/queue'
import type { WorkerOptions } from 'bullmq'
import type { Redis } from 'ioredis'
import { type BullmqSettings, wholeNumber } from './options.ts'

/** The work options that BullMQ rather than core's engine goes by. */
export interface WorkSettings {
  concurrency: number
  leaseMs: number
  stopTimeoutMs: number
  pollMs: number
  onError: (error: unknown) => void
}

/** @throws WebhookConfigError `option_invalid` */
export function toWorkSettings(options: WorkOptions): WorkSettings {
  // Core's engine knows every name and limit, and would otherwise speak up with the first delivery only.
  void createMemoryQueue().drain(async () => {}, options)
  return {
    concurrency: wholeNumber('concurrency', options.concurrency, 8),
    leaseMs: wholeNumber('leaseMs', options.leaseMs, 60_000),
    stopTimeoutMs: wholeNumber('stopTimeoutMs', options.stopTimeoutMs, 25_000, 0),
    pollMs: wholeNumber('pollMs', options.pollMs, 1_000),
    onError: options.onError ?? (() => {}),
  }
}

/** What a BullMQ worker is told. */
export function toWorkerOptions(
  { prefix }: BullmqSettings,
  { concurrency, leaseMs, pollMs }: WorkSettings,
  connection: Redis,
): WorkerOptions {
  return {
    connection,
    prefix,
    concurrency,
    lockDuration: leaseMs,
    // Core's engine renews, and aborts the handler when it cannot.
    skipLockRenewal: true,
    // A lock that ran out is found by the second look: the delivery is tried again within two leases.
    stalledInterval: Math.ceil(leaseMs / 2),
    // Lost locks count as attempts, in the same budget as failures, and not in one of their own.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    // BullMQ hears of new jobs at once; this is how long it trusts that it does.
    drainDelay: Math.min(pollMs, 5_000) / 1_000,
    runRetryDelay: 1_000,
  }
}
