import { isInstance, WebhookError } from '@gwh/core/errors'
import { GOOGLE_JWKS_URL } from '@gwh/core/jwks'
import { signStatic } from '@gwh/core/sign'
import { type FoundSecrets, listSecrets } from '../project/secrets.ts'
import { isLoopback } from '../shared/loopback.ts'
import { maskSecret } from '../shared/mask.ts'
import { type Finding, failed, ok, skipped } from './finding.ts'
import { readStart } from './read-start.ts'

const TIMEOUT_MS = 10_000
const LONGEST_KEYS = 1024 * 1024
const SKEW_MS = 30_000
const WINDOW_MS = 300_000

/** Checks that the signing secrets have the form that Google's have. */
export async function checkSecrets(found: FoundSecrets | undefined): Promise<Finding> {
  if (found === undefined) {
    return skipped(
      'secrets',
      'none is set',
      'Set GEMINI_WEBHOOK_SECRET; for a receiver of dynamic webhooks alone, none is needed.',
    )
  }
  const { secrets, source } = found
  try {
    await signStatic({ id: 'x', timestamp: 1, body: new Uint8Array(), secrets })
  } catch (error) {
    if (!isInstance(error, WebhookError)) throw error
    return failed(
      'secrets',
      `${source}: ${error.message}`,
      'Copy it as the API showed it: whsec_ and base64.',
    )
  }
  return ok('secrets', `${source}: ${listSecrets(secrets).map(maskSecret).join(', ')}`)
}

/** Checks that the public keys can be fetched, and by their server's clock, that ours is right. */
export async function checkKeys(url: string = GOOGLE_JWKS_URL): Promise<Finding[]> {
  const check = 'public keys'
  const fix = isLoopback(url)
    ? 'Start what serves it, such as `gwh dev`, or name other keys with --jwks.'
    : 'Allow this machine to fetch it; receivers of dynamic webhooks answer 503 without.'
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) {
      // A body that is not read would keep the process alive.
      await response.body?.cancel()
      return [failed(check, `${url} answers ${response.status}`, fix)]
    }
    const { keys } = JSON.parse(await readStart(response, LONGEST_KEYS)) as {
      keys?: readonly { kty?: string; crv?: string }[]
    }
    const usable = (keys ?? []).filter(
      ({ kty, crv }) => (kty === 'OKP' && crv === 'Ed25519') || kty === 'RSA',
    )
    if (usable.length === 0)
      return [failed(check, `${url} has no Ed25519 or RSA key`, 'Is it the right URL?')]
    const names = usable.map(({ kty, crv }) => crv ?? kty)
    return [ok(check, `${usable.length} at ${url}: ${names.join(', ')}`), ...checkClock(response, url)]
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } }
    return [failed(check, `${url} cannot be read (${cause?.code ?? name})`, fix)]
  }
}

/** Compares our clock with the one of a server. */
export function checkClock(response: Response, url: string): Finding[] {
  const theirs = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(theirs)) return []
  const check = `clock, by ${new URL(url).hostname}`
  // The header has whole seconds.
  const skewMs = Date.now() - theirs - 500
  const text = `${Math.round(skewMs / 1_000)} s off`
  if (Math.abs(skewMs) < SKEW_MS) return [ok(check, text)]
  const fix = 'Set the clocks by NTP.'
  const message = Math.abs(skewMs) < WINDOW_MS ? text : `${text}: every delivery is outside the replay window`
  return [failed(check, message, fix)]
}
