import { printable } from '../shared/printable.ts'

/** Why a request is refused: the interactions family's `code`, and what the other surfaces call it. */
const FAULTS = {
  invalid_request: { status: 400, rpc: 'INVALID_ARGUMENT' },
  control_token_missing: { status: 401, rpc: 'UNAUTHENTICATED' },
  unauthenticated: { status: 401, rpc: 'UNAUTHENTICATED' },
  permission_denied: { status: 403, rpc: 'PERMISSION_DENIED' },
  origin_not_allowed: { status: 403, rpc: 'PERMISSION_DENIED' },
  not_found: { status: 404, rpc: 'NOT_FOUND' },
  state_replaced: { status: 409, rpc: 'ABORTED' },
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

/** What Google's APIs say with a status (https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto). */
const STATUSES: Record<number, { rpc: string; message: string }> = {
  400: { rpc: 'INVALID_ARGUMENT', message: 'Request contains an invalid argument.' },
  401: { rpc: 'UNAUTHENTICATED', message: 'Request had invalid authentication credentials.' },
  403: { rpc: 'PERMISSION_DENIED', message: 'The caller does not have permission' },
  404: { rpc: 'NOT_FOUND', message: 'Requested entity was not found.' },
  409: { rpc: 'ABORTED', message: 'The operation was aborted.' },
  429: { rpc: 'RESOURCE_EXHAUSTED', message: 'Resource has been exhausted (e.g. check quota).' },
  500: { rpc: 'INTERNAL', message: 'Internal error encountered.' },
  501: { rpc: 'UNIMPLEMENTED', message: 'Operation is not implemented, or supported, or enabled.' },
  503: { rpc: 'UNAVAILABLE', message: 'The service is currently unavailable.' },
  504: { rpc: 'DEADLINE_EXCEEDED', message: 'Deadline expired before operation could complete.' },
}

/** A reason to refuse a request. */
export type FaultCode = keyof typeof FAULTS

/** Thrown inside a request handler; the app turns it into the answer of the surface that was asked. */
export class RequestFault extends Error {
  override readonly name = 'RequestFault'
  readonly code: FaultCode

  constructor(code: FaultCode, message: string) {
    super(printable(message))
    this.code = code
  }
}

/** Answers a fault in the envelope of the path: two families of the API disagree about its shape. */
export function faultResponse({ code, message }: RequestFault, path: string): Response {
  const { status, rpc } = FAULTS[code]
  return envelope(path, { status, rpc, code, message })
}

/** Answers with any error status, as Google would at this path. */
export function errorResponse(
  path: string,
  error: { readonly status: number; readonly message?: string; readonly retryAfter?: number },
): Response {
  const { status, retryAfter } = error
  const { rpc, message } = STATUSES[status] ?? STATUSES[status < 500 ? 400 : 500]!
  const response = envelope(path, { status, rpc, code: rpc.toLowerCase(), message: error.message ?? message })
  if (retryAfter !== undefined) response.headers.set('retry-after', String(retryAfter))
  return response
}

function envelope(
  path: string,
  { status, rpc, code, message }: { status: number; rpc: string; code: string; message: string },
): Response {
  const error = isClassic(path) ? { code: status, message, status: rpc } : { message, code }
  return Response.json({ error }, { status })
}

/** Batches, models and similar resources use google.rpc.Status errors; webhooks, interactions and the control API do not. */
export function isClassic(path: string): boolean {
  return !/^\/(v1|v1beta)\/(webhooks|interactions)\b|^\/_gwh\b/.test(path)
}
