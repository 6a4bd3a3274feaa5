import type { LeaseGuard } from './lease-guard.ts'

/** The deliveries of one queue whose handlers run in this process. */
export interface InFlight {
  /** Notes a delivery whose handler starts. */
  add(key: string, guard: LeaseGuard): void
  /** Notes that its handler has ended, or no longer counts as running. */
  remove(key: string): void
  /** The keys that must not be claimed, because their handlers may still run here. */
  keys(): ReadonlySet<string>
  /**
   * Renews every lease that was not renewed for long, as after the process was frozen.
   *
   * Call it before each claim: a process that wakes up with leases that ran out would otherwise claim its own
   * deliveries again. Rejects when a lease could not be renewed for any reason but its loss.
   */
  refresh(): Promise<void>
}

/** Makes an empty register. */
export function createInFlight(): InFlight {
  const guards = new Map<string, LeaseGuard>()
  const keys = new Set<string>()
  return {
    add(key, guard) {
      guards.set(key, guard)
      keys.add(key)
    },
    remove(key) {
      guards.delete(key)
      keys.delete(key)
    },
    keys: () => keys,
    async refresh() {
      const stale = [...guards.values()].filter((guard) => guard.isStale())
      if (stale.length > 0) await Promise.all(stale.map((guard) => guard.renew()))
    },
  }
}
