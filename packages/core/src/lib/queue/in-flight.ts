import type { LeaseGuard } from './lease-guard.ts'

/** The deliveries of one queue whose handlers run in this process. */
export interface InFlight {
  /** Adds a delivery whose handler starts. */
  add(key: string, guard: LeaseGuard): void
  /** Removes a delivery whose handler has ended or no longer counts as running. */
  remove(key: string): void
  /** The keys that must not be claimed, because their handlers may still run in this process. */
  keys(): ReadonlySet<string>
  /**
   * Renews every stale lease, as after the process was suspended.
   *
   * Call it before each claim: a process that resumes with expired leases would otherwise claim its own deliveries
   * again. Rejects if a renewal fails, except when the lease was lost.
   */
  refresh(): Promise<void>
}

/** Creates an empty register. */
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
      // A renewal that was under way when the process was suspended renewed for a time that may be over. The second one is new.
      for (let renewals = 0; renewals < 2; renewals++) {
        const stale = [...guards.values()].filter((guard) => guard.isStale())
        if (stale.length === 0) return
        await Promise.all(stale.map((guard) => guard.renew()))
      }
    },
  }
}
