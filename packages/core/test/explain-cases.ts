import type { VerifyOptions } from '@gwh/core'
import type { ExplanationReason } from '@gwh/core/explain'
import { down, JWKS_URL } from './jwks-server.ts'
import { AUDIENCE, jwtDelivery, RSA_JWKS, sha256, signToken, toClaims, withToken } from './jwt-support.ts'
import {
  type Delivery,
  dynamicDelivery,
  hmacOf,
  JWKS,
  NOW,
  NOW_SECONDS,
  OTHER_SECRET,
  SECRET,
  staticDelivery,
  toBytes,
  toHeaders,
  toMessage,
  vectors,
} from './support.ts'

export const now = () => NOW
export const STATIC: VerifyOptions = { secrets: SECRET, now }
export const DYNAMIC: VerifyOptions = { jwks: JWKS, now }
export const JWT: VerifyOptions = { jwks: RSA_JWKS, jwt: { audience: AUDIENCE }, now }
const OTHER: VerifyOptions = { secrets: OTHER_SECRET, now }
export const LAUNCH_WEEK_SECRET = vectors.v1.launchWeek_rawFull.secret

// Everything serialisers disagree about: spaces, non-ASCII, the characters Google escapes, slashes, a quoted comma.
const PAYLOAD = {
  type: 'video.generated',
  data: { id: 'canary', uri: 'https://x.test/f?a=1&b=2', note: 'Zoë\'s "a, b: c" <✓>\\' },
  user_metadata: { n: [1, 2.5, true, null], empty: {} },
}
const COMPACT = JSON.stringify(PAYLOAD)
const PRETTY = JSON.stringify(PAYLOAD, null, 2)
const PYTHON =
  '{"type": "video.generated", "data": {"id": "canary", "uri": "https://x.test/f?a=1&b=2", ' +
  '"note": "Zo\\u00eb\'s \\"a, b: c\\" <\\u2713>\\\\"}, ' +
  '"user_metadata": {"n": [1, 2.5, true, null], "empty": {}}}'
const GOOGLE = COMPACT.replace('a=1&b=2', 'a\\u003d1\\u0026b\\u003d2')
  .replace("'", '\\u0027')
  .replace('<✓>', '\\u003c✓\\u003e')
const CRLF = PRETTY.replaceAll('\n', '\r\n')

/** What was signed, and what arrived of it. */
export const CHANGES: [what: string, reason: ExplanationReason, signed: string, arrived: string][] = [
  ['JSON.stringify of a body with spaces', 'body_reserialised', PYTHON, COMPACT],
  ['JSON.stringify of a pretty body', 'body_reserialised', PRETTY, COMPACT],
  ['JSON.stringify of four spaces', 'body_reserialised', JSON.stringify(PAYLOAD, null, 4), COMPACT],
  ['JSON.stringify of a body with \\u003d', 'body_reserialised', GOOGLE, COMPACT],
  ['JSON.stringify of escaped slashes', 'body_reserialised', COMPACT.replaceAll('/', '\\/'), COMPACT],
  ['json.dumps of a compact body', 'body_reserialised', COMPACT, PYTHON],
  ['json.dumps of a body with \\u003d', 'body_reserialised', GOOGLE, PYTHON],
  ['a pretty printer', 'body_reserialised', COMPACT, PRETTY],
  ['a byte order mark dropped', 'body_reencoded', `\ufeff${COMPACT}`, COMPACT],
  ['a byte order mark added', 'body_reencoded', COMPACT, `\ufeff${COMPACT}`],
  ['read as Latin-1', 'body_reencoded', COMPACT, Buffer.from(COMPACT).toString('latin1')],
  ['a line end added', 'body_newline', COMPACT, `${COMPACT}\n`],
  ['a line end removed', 'body_newline', `${COMPACT}\n`, COMPACT],
  ['a CRLF removed', 'body_newline', `${COMPACT}\r\n`, COMPACT],
  ['LF made CRLF', 'body_newline', PRETTY, CRLF],
  ['CRLF made LF', 'body_newline', CRLF, PRETTY],
]

/** A delivery that arrives with another body than the one it was signed with. */
export const arriveAs = (arrived: string, { headers }: Delivery): Delivery => ({
  headers,
  body: toBytes(arrived),
})

function signedWith(key: string): Delivery {
  const message = toMessage()
  return { headers: toHeaders(message, `v1,${hmacOf(message, Buffer.from(key))}`), body: message.body }
}
const token = (claims: object) => withToken(signToken({ claims: toClaims(claims) }))
const stale = { timestamp: NOW_SECONDS - 301 }
const early = { timestamp: NOW_SECONDS + 301 }
const deep = `${'['.repeat(9000)}${']'.repeat(9000)}`
const parsed = { headers: staticDelivery().headers, body: PAYLOAD as never }

type Case = [what: string, delivery: Delivery, options: VerifyOptions, code: string | undefined]

/** A case of every reason, by the compiler's word; those of `CHANGES` come on top. */
export const CASES: Record<ExplanationReason, Case[]> = {
  verified: [
    ['a static delivery', staticDelivery(), STATIC, undefined],
    ['a dynamic one', dynamicDelivery(), DYNAMIC, undefined],
    ['a token', jwtDelivery(), JWT, undefined],
    ['at the edge of the window', staticDelivery({ timestamp: NOW_SECONDS - 300 }), STATIC, undefined],
  ],
  parsed_body: [['an object for a body', parsed, STATIC, 'raw_body_required']],
  headers: [
    ['no header at all', { ...staticDelivery(), headers: {} }, STATIC, 'header_missing'],
    ['a header twice', withToken('v1,a, v1,b'), STATIC, 'header_duplicate'],
    ['a time that is none', staticDelivery({ timestamp: 'now' }), STATIC, 'timestamp_malformed'],
    ['stale as well', withToken('v1,x '.repeat(17), stale), STATIC, 'timestamp_too_old'],
  ],
  configuration: [
    ['url-safe base64', staticDelivery(), { secrets: 'whsec_ab-_', now }, 'secret_malformed'],
    ['a secret behind v1,', staticDelivery(), { secrets: `v1,${SECRET}`, now }, 'secret_malformed'],
    ['an unset variable', staticDelivery(), { secrets: '', now }, 'secret_empty'],
    ['nothing to verify with', staticDelivery(), { now }, 'option_invalid'],
    ['a number for a secret', staticDelivery(), { secrets: 5 as never, now }, 'secret_malformed'],
    ['no options', staticDelivery(), undefined as never, 'option_invalid'],
    ['no delivery', undefined as never, STATIC, 'option_invalid'],
  ],
  clock_skew: [
    ['sent too early', staticDelivery(stale), STATIC, 'timestamp_too_old'],
    ['sent in the future', staticDelivery(early), STATIC, 'timestamp_too_new'],
    ['a dynamic one', dynamicDelivery(stale), DYNAMIC, 'timestamp_too_old'],
  ],
  other_scheme: [
    ['v1a to a secret', dynamicDelivery(), STATIC, 'scheme_unsupported'],
    ['v1 to public keys', staticDelivery(), DYNAMIC, 'scheme_unsupported'],
    ['a token to public keys', jwtDelivery(), DYNAMIC, 'scheme_unsupported'],
    ['a bare signature', withToken('c2lnbmF0dXJl'), STATIC, 'scheme_unsupported'],
  ],
  body_reserialised: [
    ['under a token', arriveAs(PRETTY, jwtDelivery({ body: COMPACT })), JWT, 'jwt_body_unbound'],
    [
      'stale as well',
      arriveAs(PRETTY, staticDelivery({ body: COMPACT, ...stale })),
      STATIC,
      'timestamp_too_old',
    ],
  ],
  body_reencoded: [],
  body_newline: [],
  secret_format: [
    [
      'a launch-week secret',
      signedWith(LAUNCH_WEEK_SECRET),
      { secrets: LAUNCH_WEEK_SECRET, now },
      'signature_invalid',
    ],
    [
      'the second of two',
      signedWith(LAUNCH_WEEK_SECRET),
      { secrets: `${SECRET},${LAUNCH_WEEK_SECRET}`, now },
      'signature_invalid',
    ],
    [
      'used without its prefix',
      signedWith(LAUNCH_WEEK_SECRET.slice('whsec_'.length)),
      { secrets: `${OTHER_SECRET} ${LAUNCH_WEEK_SECRET}`, now },
      'signature_invalid',
    ],
    ['raw, but base64', staticDelivery(), { secrets: SECRET, format: 'raw', now }, 'signature_invalid'],
  ],
  keys_unavailable: [
    [
      'a key server that is down',
      dynamicDelivery(),
      { jwks: JWKS_URL, fetch: async () => down(), now },
      'jwks_unavailable',
    ],
  ],
  token: [
    ['expired', token({ exp: NOW_SECONDS - 1 }), JWT, 'jwt_claims'],
    ['without a signature', withToken('eyJhbGciOiJub25lIn0.e30.'), JWT, 'jwt_alg'],
    ['for another body', token({ body_sha256: sha256('{}') }), JWT, 'jwt_body_unbound'],
  ],
  wrong_key: [
    ['the secret of another webhook', staticDelivery(), OTHER, 'signature_invalid'],
    ['another key set', dynamicDelivery(), { jwks: { keys: [JWKS.keys[1]!] }, now }, 'signature_invalid'],
    ['another body', arriveAs('{}', dynamicDelivery()), DYNAMIC, 'signature_invalid'],
    ['a body that cannot be serialised again', staticDelivery({ body: deep }), OTHER, 'signature_invalid'],
    ['stale as well', staticDelivery(stale), OTHER, 'timestamp_too_old'],
  ],
}
