import type { JsonWebKeyLike } from '@gwh/core/jwks'
import type { SigningKey } from '@gwh/core/sign'

/** What the adapter contract needs to know about the receiver it tests. */
export interface AdapterContract {
  /** Where it listens, for example `http://127.0.0.1:3000/webhooks`; a function is called before each test. */
  url: string | (() => string | Promise<string>)
  /** A signing secret it accepts. Default `CONTRACT_SECRET`. */
  secret?: string
  /**
   * How dynamic deliveries it accepts are signed and marked; `false` for a receiver without dynamic webhooks, whose
   * rules are then skipped. Default: the keys of `createContractReceiver`.
   */
  dynamic?: { privateKey: SigningKey | JsonWebKeyLike; jobKey: string } | false
  /**
   * Whether handlers run before the answer or from a queue. `unknown` for a receiver without `contractHandlers`: the
   * rules that need them are skipped. Default `inline`.
   */
  mode?: 'inline' | 'queue' | 'unknown'
  /**
   * What counts of an answer: status and body, as `@gwh/core` answers, or the status alone, for other receivers.
   * Default `exact`.
   */
  answers?: 'exact' | 'status'
  /** Its `maxBodyBytes`, in bytes. Default 1 MiB. */
  maxBodyBytes?: number
  /** Its `bodyTimeoutMs`; the suite waits that long for a 408. Default `CONTRACT_BODY_TIMEOUT_MS`, one second. */
  bodyTimeoutMs?: number
  /** How long an answer may take beyond that before the receiver counts as silent, in milliseconds. Default 5,000. */
  patienceMs?: number
  /** What the HTTP server below the adapter does differently, and why that is accepted. */
  exceptions?: readonly AdapterException[]
}

/**
 * Rules of the contract that a runtime cannot keep. Their tests pass while they are broken in the way described,
 * and fail as soon as they are kept: an exception that is no longer needed must be removed.
 */
export interface AdapterException {
  /** Titles of the tests. */
  cases: readonly string[]
  /** What happens instead: a part of the message of the `ContractViolation`. */
  instead: string
  /** Why it is accepted. */
  reason: string
}
