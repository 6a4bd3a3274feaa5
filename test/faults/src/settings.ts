/** The environment variable a receiver process finds its settings in. */
export const SETTINGS = 'GWH_FAULTS_SETTINGS'

/** Mistakes that a receiver process can be started with. */
export type MutantName =
  | 'ack-before-commit'
  | 'late-count'
  | 'error-is-new'
  | 'unaware'
  | 'unfenced'
  | 'together'
  | 'careless'

/** The settings of one receiver process. */
export interface ReceiverSettings {
  port: number
  secret: string
  backend:
    | { kind: 'sqlite'; path: string; minFreeBytes?: number }
    | { kind: 'redis'; url: string }
    | { kind: 'bullmq'; url: string; allowVolatile?: boolean }
  /** Whether it serves, handles what is queued, or both. */
  role: 'both' | 'serve' | 'work'
  /** Where a handler's effect goes: a line of a file, or a row in the transaction of the completion. */
  effects: { kind: 'file'; path: string } | { kind: 'tx' }
  /** Where to note the id of a delivery that is handled while it is being handled in the same process. */
  twiceLog?: string
  /** How long a handler continues after its effect. */
  pauseMs: number
  /** Which handlers continue for longer: that of every n-th delivery. */
  slow?: { every: number; pauseMs: number }
  leaseMs: number
  concurrency: number
  maxAttempts?: number
  /** Where to note the number of every request whose head arrived. */
  requestLog?: string
  /** Where to note how every try of a delivery ended: outcome, id and attempt. */
  settledLog?: string
  /** How long SIGUSR2 keeps the event loop busy. */
  busyMs?: number
  mutant?: MutantName
}
