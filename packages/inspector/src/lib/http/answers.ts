// Nothing is loaded from elsewhere, nothing inline runs, no other site shows the page in a frame, and text never becomes
// markup (https://www.w3.org/TR/trusted-types/).
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const SAFE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** Answers with a text of the page, which no other site can show or read. */
export function textAnswer(text: string, type: string, status = 200): Response {
  return new Response(text, { status, headers: { ...SAFE_HEADERS, 'content-type': type } })
}

/** Answers with JSON that is not kept anywhere. */
export function jsonAnswer(value: unknown, status = 200): Response {
  return textAnswer(JSON.stringify(value), 'application/json', status)
}

/** Refuses a request in the form of the emulator's control API. */
export function errorAnswer(status: number, code: string, message: string): Response {
  return jsonAnswer({ error: { code, message } }, status)
}
