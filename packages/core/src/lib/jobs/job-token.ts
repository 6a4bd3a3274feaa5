import { primitives } from '#crypto'
import type { HmacKey } from '../crypto/primitives.ts'
import { fromBase64, fromBase64Url, toBase64Url, toUtf8 } from '../shared/bytes.ts'
import { WebhookConfigError } from '../shared/errors.ts'
import { allMaybe, findMaybe, type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { wholeNumber } from '../shared/options.ts'

/** The key in `user_metadata` that carries the job token. */
export const JOB_TOKEN_FIELD = 'gwh_job_token'

/** A job outlives neither its 48 hours of processing nor 24 hours of retries; this is both, and a day more. */
const DEFAULT_LIFETIME_SECONDS = 96 * 3600
const SHORTEST_KEY = 32
const ID_BYTES = 16
const TOKEN = /^gwh1\.([A-Za-z0-9_-]{22})\.([1-9][0-9]{0,11})\.([A-Za-z0-9_-]{43})$/

/**
 * Makes the token that marks a job as ours. Put it into the job's `user_metadata` under `JOB_TOKEN_FIELD`.
 *
 * @param options.jobKey The key only our own code has; of several, the first (newest) signs
 * @param options.endpoint The receiver's endpoint name. Default `default`
 * @param options.lifetimeSeconds How long deliveries of the job are accepted, in seconds. Default 96 hours
 * @param options.now The present in epoch milliseconds. Default `Date.now`
 * @throws WebhookConfigError `option_invalid` for a key of fewer than 32 characters
 */
export async function createJobToken(options: {
  jobKey: string | readonly string[]
  endpoint?: string
  lifetimeSeconds?: number
  now?: () => number
}): Promise<string> {
  const { jobKey, endpoint = 'default', now = Date.now } = options
  const lifetimeSeconds = wholeNumber('lifetimeSeconds', options.lifetimeSeconds, DEFAULT_LIFETIME_SECONDS)
  const key = await importJobKey(checkJobKeys(jobKey)[0]!)
  const id = toBase64Url(crypto.getRandomValues(new Uint8Array(ID_BYTES)))
  const expires = Math.floor(now() / 1000) + lifetimeSeconds
  const mac = await primitives.signHmac(key, toContent(endpoint, id, String(expires)))
  return `gwh1.${id}.${expires}.${toBase64Url(fromBase64(mac)!)}`
}

/** Says whether a value is a job token of ours, unexpired, for one endpoint. */
export type JobTokenVerifier = (token: unknown) => MaybePromise<boolean>

/** @throws WebhookConfigError `option_invalid` */
export function createJobTokenVerifier(options: {
  jobKey: string | readonly string[]
  endpoint: string
  now: () => number
}): JobTokenVerifier {
  const { endpoint, now } = options
  const keys = allMaybe(checkJobKeys(options.jobKey).map(importJobKey))
  return (token) => {
    const [, id, expires, mac] = (typeof token === 'string' && TOKEN.exec(token)) || []
    if (id === undefined || expires === undefined || mac === undefined) return false
    // A negated <= so that a clock that answers NaN refuses.
    if (!(now() / 1000 <= Number(expires))) return false
    const bytes = fromBase64Url(mac)
    if (!bytes) return false
    const signature = [`${mac.replaceAll('-', '+').replaceAll('_', '/')}=`]
    const content = toContent(endpoint, id, expires)
    const matches = (key: HmacKey) => primitives.verifyHmac(key, content, signature)
    return mapMaybe(keys, (keys) => mapMaybe(findMaybe(keys, matches), (key) => key !== undefined))
  }
}

function checkJobKeys(jobKey: string | readonly string[]): readonly string[] {
  // Plain JavaScript hands over unset variables.
  const keys = Array.isArray(jobKey) ? [...jobKey] : [jobKey]
  if (keys.length === 0 || keys.some((key) => typeof key !== 'string' || key.length < SHORTEST_KEY)) {
    throw new WebhookConfigError('option_invalid', `jobKey must have at least ${SHORTEST_KEY} characters`)
  }
  return keys
}

function importJobKey(jobKey: string): MaybePromise<HmacKey> {
  return primitives.importHmacKey(toUtf8(jobKey))
}

// The first field sets these MACs apart from every delivery's, should somebody reuse a signing secret as job
// key; the endpoint comes last because it alone may hold dots.
function toContent(endpoint: string, id: string, expires: string) {
  return { id: 'gwh-job-token', timestamp: `${id}.${expires}`, body: toUtf8(endpoint) }
}
