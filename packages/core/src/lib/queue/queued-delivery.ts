/** A verified delivery as a queue keeps it until it has been handled. */
export interface QueuedDelivery {
  /** Idempotency key: one value per endpoint and `webhook-id`. */
  key: string
  /** The receiver's endpoint name. */
  endpoint: string
  /** `webhook-id` as received. */
  id: string
  /** `webhook-timestamp` of the accepted attempt, in unix seconds. */
  timestamp: number
  /**
   * How it was signed: `static` with a secret (`v1`), `dynamic` with Google's keys (`v1a`). `local` for an event of
   * `Receiver.emit`, which nobody signed.
   */
  scheme: 'static' | 'dynamic' | 'local'
  /** The signing secret or public key that matched, in its public short form. */
  keyId?: string
  /** When the receiver accepted the delivery, in epoch milliseconds. */
  receivedAt: number
  /** The body exactly as it was signed. */
  body: Uint8Array
  /** Only for deliveries with a JSON Web Token: whether the token is bound to the body. */
  jwt?: { bodyBound: boolean }
}
