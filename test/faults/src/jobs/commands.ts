/** The variable with the settings of an awaiting process, as JSON. */
export const AWAITING = 'GWH_AWAITING'

/** The settings of an awaiting process. */
export interface AwaitingSettings {
  /** The time it starts at, in epoch milliseconds. */
  now: number
  /** The base URL of the API. */
  google: string
  jwks: { keys: Record<string, unknown>[] }
  /** The database of its queue, its ledger and its effects. */
  path: string
  /** Where it receives webhooks. */
  port: number
  /** A known mistake of its ledger. */
  mutant?: LedgerMutant | undefined
}

/** Forgets that an event was handled; or takes a job for settled before its event is emitted. */
export type LedgerMutant = 'handles-twice' | 'settles-early'

/** What an awaiting process is told to do. */
export type Command =
  | { do: 'track'; name: string; expectedMs: number }
  | { do: 'advance'; ms: number }
  | { do: 'reconcile' }
