/** Why a request is refused: the interactions family's `code`, and what the other surfaces call it. */
const FAULTS = {
  invalid_request: { status: 400, rpc: 'INVALID_ARGUMENT' },
  control_token_missing: { status: 401, rpc: 'UNAUTHENTICATED' },
  unauthenticated: { status: 401, rpc: 'UNAUTHENTICATED' },
  permission_denied: { status: 403, rpc: 'PERMISSION_DENIED' },
  origin_not_allowed: { status: 403, rpc: 'PERMISSION_DENIED' },
  not_found: { status: 404, rpc: 'NOT_FOUND' },
  already_exists: { status: 409, rpc: 'ALREADY_EXISTS' },
  request_too_large: { status: 413, rpc: 'INVALID_ARGUMENT' },
  content_type_not_json: { status: 415, rpc: 'INVALID_ARGUMENT' },
  range_not_satisfiable: { status: 416, rpc: 'OUT_OF_RANGE' },
  host_not_allowed: { status: 421, rpc: 'PERMISSION_DENIED' },
  limit_exceeded: { status: 429, rpc: 'RESOURCE_EXHAUSTED' },
  job_ended: { status: 400, rpc: 'FAILED_PRECONDITION' },
  internal: { status: 500, rpc: 'INTERNAL' },
  closed: { status: 503, rpc: 'UNAVAILABLE' },
} as const

/** A reason to refuse a request. */
export type FaultCode = keyof typeof FAULTS

/** Thrown inside a request handler; the app turns it into the answer of the surface that was asked. */
export class RequestFault extends Error {
  override readonly name = 'RequestFault'
  readonly code: FaultCode

  constructor(code: FaultCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Answers a fault in the envelope of the path: two families of the API disagree about its shape. */
export function faultResponse(fault: RequestFault, path: string): Response {
  const { status, rpc } = FAULTS[fault.code]
  const error = isClassic(path)
    ? { code: status, message: fault.message, status: rpc }
    : { message: fault.message, code: fault.code }
  return Response.json({ error }, { status })
}

/** Batches, models and similar resources use google.rpc.Status errors; webhooks, interactions and the control API do not. */
export function isClassic(path: string): boolean {
  return !/^\/(v1|v1beta)\/(webhooks|interactions)\b|^\/_gwh\b/.test(path)
}
