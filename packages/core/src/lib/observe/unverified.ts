import type { Refusal } from '../shared/refusal.ts'

/** The kinds of signature a request carries. */
export type SignatureKind = 'v1' | 'v1a' | 'jwt' | 'unknown'

/** What a refused request claims. None of it is verified. */
export interface UnverifiedInfo {
  /** `webhook-id`, if it is well-formed. */
  id?: string
  /** The kinds of its signatures: `v1` is static, `v1a` and `jwt` are dynamic. */
  signatures: readonly SignatureKind[]
  /** Its `content-length`, in bytes. */
  declaredBytes?: number
  /** The length of its body, in bytes; absent if the body was not read to its end. */
  receivedBytes?: number
}

/** A refused delivery, with what `explainFailure` needs. Do not log it: it contains the body. */
export interface RefusedDelivery {
  /** Why it was refused. */
  code: Refusal['refused']
  /** The reason in words. */
  message: string
  /** The headers of the delivery and of its body; cookies and credentials are left out. */
  headers: Readonly<Record<string, string | readonly string[]>>
  /** `undefined` if the body was not read to its end. Most refusals come before that. */
  body: Uint8Array | undefined
  /** The peer address of the connection, if the runtime provides it. */
  remoteAddress: string | undefined
}
