import type { WorkSettings } from '@gwh/core/queue'
import type { WorkerOptions } from 'bullmq'
import type { Redis } from 'ioredis'
import type { BullmqSettings } from '../settings/options.ts'

/** The work options as a BullMQ worker takes them. */
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
    // Core renews the lock, and aborts the handler when it cannot.
    skipLockRenewal: true,
    // The second check finds an expired lock, so the delivery is retried within two leases.
    stalledInterval: Math.ceil(leaseMs / 2),
    // Lost locks count as attempts, in the same budget as failures.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    // Redis announces new jobs; this is how long BullMQ relies on that before it polls.
    drainDelay: Math.min(pollMs, 5_000) / 1_000,
    runRetryDelay: 1_000,
  }
}
