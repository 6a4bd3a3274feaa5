import { RequestFault } from './faults.ts'

const LOCAL_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i

/** Refuses names other than this machine's own, which is how a DNS-rebinding page would reach us. */
export function checkHost(request: Request): void {
  if (LOCAL_HOST.test(hostOf(request))) return
  throw new RequestFault('host_not_allowed', 'The emulator answers to localhost, 127.0.0.1 and [::1] only.')
}

/** Refuses requests that another site's page makes. */
export function checkOrigin(request: Request): void {
  const origin = request.headers.get('origin')
  if (origin === null || origin.toLowerCase() === `http://${hostOf(request).toLowerCase()}`) return
  throw new RequestFault('origin_not_allowed', 'Requests from other origins are refused.')
}

/** Refuses requests to the control API without one of its bearer tokens. */
export function checkControlToken(request: Request, tokens: readonly string[]): void {
  const given = request.headers.get('authorization') ?? ''
  if (tokens.some((token) => isSame(given, `Bearer ${token}`))) return
  throw new RequestFault(
    'control_token_missing',
    "The control API wants 'Authorization: Bearer <controlToken>'; the emulator prints or returns it at its start.",
  )
}

/** Compares without telling by its duration how much of the text is right. */
function isSame(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length
  for (let index = 0; index < expected.length; index += 1) {
    difference |= given.charCodeAt(index) ^ expected.charCodeAt(index)
  }
  return difference === 0
}

/** Refuses bodies that a plain HTML form could send. */
export function checkJsonType(request: Request): void {
  const type = request.headers.get('content-type') ?? ''
  if (/^application\/json\s*(;|$)/i.test(type)) return
  throw new RequestFault('content_type_not_json', 'The content type must be application/json.')
}

/** Refuses requests without an API key; any key will do. */
export function checkApiKey(request: Request, isClassic: boolean): void {
  if (request.headers.get('x-goog-api-key')) return
  if (isClassic) {
    throw new RequestFault('permission_denied', "Method doesn't allow unregistered callers.")
  }
  throw new RequestFault('unauthenticated', 'The x-goog-api-key header is missing.')
}

function hostOf(request: Request): string {
  return request.headers.get('host') ?? new URL(request.url).host
}
