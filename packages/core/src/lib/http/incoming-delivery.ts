import type { Refusal } from '../shared/refusal.ts'
import type { BodyLimits } from './body-limits.ts'
import type { HeadersLike } from './headers.ts'

/** One HTTP request, in the plainest form a runtime can offer. */
export interface IncomingDelivery {
  /** Default `POST`. */
  method?: string
  headers: HeadersLike
  /** The bytes as received, or a function that reads them; it is called only when the headers are good. */
  body: Uint8Array | Refusal | ((limits: BodyLimits) => Promise<Uint8Array | Refusal>)
  /**
   * The address at the other end of the connection, without its port. Limits how much one address may take up.
   * Never taken from a header the sender could have written. Default: unknown.
   */
  remoteAddress?: string | undefined
}
