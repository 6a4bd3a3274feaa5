import { errorAnswer } from '../http/answers.ts'

/** The header of every action. A form of another site cannot set it, and a script there may not without our consent. */
export const ACTION_HEADER = 'x-gwh-action'

/** Refuses an action that a page of another site may have caused; `undefined` when it may go on. */
export function refuseForeignAction(request: Request, origin: string | undefined): Response | undefined {
  const { headers } = request
  if (headers.get(ACTION_HEADER) !== '1') {
    return errorAnswer(403, 'origin_not_allowed', `An action needs the header ${ACTION_HEADER}.`)
  }
  if (!/^application\/json\s*(;|$)/i.test(headers.get('content-type') ?? '')) {
    return errorAnswer(415, 'content_type_not_json', 'The content type must be application/json.')
  }
  const isOwn = isOwnOrigin(request, origin) && isSameSite(headers.get('sec-fetch-site'))
  if (isOwn) return undefined
  return errorAnswer(
    403,
    'origin_not_allowed',
    "Actions of other origins are refused. Behind a proxy, set the dashboard's `origin`.",
  )
}

/** Without an option only the host is compared: behind a proxy that ends TLS, the scheme that we see is another. */
function isOwnOrigin(request: Request, origin: string | undefined): boolean {
  const given = request.headers.get('origin') ?? ''
  if (origin !== undefined) return given === origin
  const host = request.headers.get('host') ?? new URL(request.url).host
  return URL.canParse(given) && new URL(given).host === host.toLowerCase()
}

function isSameSite(site: string | null): boolean {
  return site === null || site === 'same-origin'
}
