import type { Refusal } from '../shared/refusal.ts'

/** The kinds of signature a request carries. */
export type SignatureKind = 'v1' | 'v1a' | 'jwt' | 'unknown'

/** What a refused request says about itself. Nothing of it is verified. */
export interface UnverifiedInfo {
  /** `webhook-id`, where it is well-formed. */
  id?: string
  /** The kinds of its signatures: `v1` is static, `v1a` and `jwt` are dynamic. */
  signatures: readonly SignatureKind[]
  /** The length its headers declare, in bytes. */
  declaredBytes?: number
  /** The length of its body, in bytes; absent where the body was not read to its end. */
  receivedBytes?: number
}

/** A refused delivery, with what `explainFailure` needs. Keep it out of logs: the body is the sender's. */
export interface RefusedDelivery {
  /** Why it was refused. */
  code: Refusal['refused']
  message: string
  /** The headers of the delivery and of its body; cookies and credentials are left out. */
  headers: Readonly<Record<string, string | readonly string[]>>
  /** `undefined` where the body was not read to its end: most refusals come before that. */
  body: Uint8Array | undefined
  /** The address at the other end of the connection, where the runtime shows it. */
  remoteAddress: string | undefined
}
