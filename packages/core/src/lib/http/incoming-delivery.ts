import type { Refusal } from '../shared/refusal.ts'
import type { BodyLimits } from './body-limits.ts'
import type { HeadersLike } from './headers.ts'

/** One HTTP request, independent of the runtime. */
export interface IncomingDelivery {
  /** The HTTP method. Default `POST`. */
  method?: string
  /** The request headers. */
  headers: HeadersLike
  /** The bytes as received, or a function that reads them. It is called only if the headers are valid. */
  body: Uint8Array | Refusal | ((limits: BodyLimits) => Promise<Uint8Array | Refusal>)
  /**
   * The peer address of the connection, without its port, for `maxBodiesPerAddress`. Never read it from a header
   * that the sender can set. Default: unknown.
   */
  remoteAddress?: string | undefined
}
