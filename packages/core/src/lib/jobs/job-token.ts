import { primitives } from '#crypto'
import type { HmacKey } from '../crypto/primitives.ts'
import { fromBase64, fromBase64Url, toBase64Url, toUtf8 } from '../shared/bytes.ts'
import type { Clock } from '../shared/clock.ts'
import { allMaybe, findMaybe, type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { checkNames, wholeNumber } from '../shared/options.ts'
import { createRefreshable, searchSource } from '../shared/refreshable.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'
import { JOB_TOKEN_FIELD } from './hide-job-token.ts'
import { checkJobKeys, type JobKeySource, type JobKeyTexts } from './job-keys.ts'

// A job runs for up to 48 hours and its deliveries are retried for 24; this adds another day.
const DEFAULT_LIFETIME_SECONDS = 96 * 3600
const ID_BYTES = 16
const TOKEN = /^gwh1\.([A-Za-z0-9_-]{22})\.([1-9][0-9]{0,11})\.([A-Za-z0-9_-]{43})$/

/**
 * Creates the token that marks a job as ours. Put it into the job's `user_metadata` under `JOB_TOKEN_FIELD`.
 *
 * @param options.jobKey A key that only your code knows, or a function that returns it. The first of several signs
 * @param options.endpoint The receiver's endpoint name. Default `default`
 * @param options.lifetimeSeconds How long deliveries of the job are accepted, in seconds. Default 345,600 (96 hours)
 * @param options.now The current time, in epoch milliseconds. Default `Date.now`
 * @throws WebhookConfigError `option_invalid`, for instance for a key of fewer than 32 characters
 */
export async function createJobToken(options: {
  jobKey: JobKeySource
  endpoint?: string
  lifetimeSeconds?: number
  now?: () => number
}): Promise<string> {
  checkNames(options, ['jobKey', 'endpoint', 'lifetimeSeconds', 'now'], 'createJobToken()')
  const { endpoint = 'default', now = Date.now } = options
  const jobKey = typeof options.jobKey === 'function' ? await options.jobKey() : options.jobKey
  const lifetimeSeconds = wholeNumber('lifetimeSeconds', options.lifetimeSeconds, DEFAULT_LIFETIME_SECONDS)
  const key = await importJobKey(checkJobKeys(jobKey)[0]!)
  const id = toBase64Url(crypto.getRandomValues(new Uint8Array(ID_BYTES)))
  const expires = Math.floor(now() / 1000) + lifetimeSeconds
  const mac = await primitives.signHmac(key, toContent(endpoint, id, String(expires)))
  return `gwh1.${id}.${expires}.${toBase64Url(fromBase64(mac)!)}`
}

/** Verifies that a value is an unexpired job token of ours for one endpoint; a refusal says why it is not. */
export type JobTokenVerifier = (token: unknown) => MaybePromise<true | Refusal>

/** Settings of a job token verifier. */
export interface JobTokenSettings {
  /** The job keys, or a function that returns them. */
  jobKey: JobKeySource
  /** The endpoint name of the receiver. */
  endpoint: string
  /** The current time, in epoch milliseconds. */
  now: () => number
  /** The clock of the cache, if `jobKey` is a function. */
  clock: Clock
  /** Called with what that function throws. */
  warn: (warning: { code: string; message: string; error: unknown }) => void
}

/**
 * Creates a verifier of job tokens.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function createJobTokenVerifier({
  jobKey,
  endpoint,
  now,
  ...rest
}: JobTokenSettings): JobTokenVerifier {
  const search = createKeySearch(jobKey, rest)
  const foreign = unknownJob(
    `its job token was made with another jobKey, or for another endpoint than "${endpoint}"`,
  )
  return (token) => {
    if (token === undefined) return NO_TOKEN
    const [, id, expires, mac] = (typeof token === 'string' && TOKEN.exec(token)) || []
    if (id === undefined || expires === undefined || mac === undefined) return NOT_A_TOKEN
    // Written as a negated <= so that NaN from the clock refuses.
    if (!(now() / 1000 <= Number(expires))) return EXPIRED
    if (!fromBase64Url(mac)) return NOT_A_TOKEN
    const signature = [`${mac.replaceAll('-', '+').replaceAll('_', '/')}=`]
    const content = toContent(endpoint, id, expires)
    const matched = search((key) => primitives.verifyHmac(key, content, signature))
    return mapMaybe(matched, (matched) => matched || foreign)
  }
}

function unknownJob(why: string): Refusal {
  return refuse('job_unknown', `the job is not one of ours: ${why}`)
}

const NO_TOKEN = unknownJob(
  `user_metadata has no ${JOB_TOKEN_FIELD}; create it with createJobToken(), or with createWebhookConfig() of @gwh/genai, and pass it with the job`,
)
const NOT_A_TOKEN = unknownJob(`the ${JOB_TOKEN_FIELD} in user_metadata is not a job token`)
const EXPIRED = unknownJob('its job token has expired')

type KeySearch = (matches: (key: HmacKey) => MaybePromise<boolean>) => MaybePromise<boolean | Refusal>

/** Whether any key matches. A function for keys is called again if none does. */
function createKeySearch(
  jobKey: JobKeySource,
  { clock, warn }: Pick<JobTokenSettings, 'clock' | 'warn'>,
): KeySearch {
  if (typeof jobKey !== 'function') {
    const ready = importJobKeys(jobKey)
    return (matches) => mapMaybe(ready, (keys) => hasMatch(keys, matches))
  }
  const source = createRefreshable({
    load: async () => await importJobKeys(await jobKey()),
    clock,
    report: (error) => warn({ ...FAILED, error }),
  })
  return (matches) => {
    const search = (keys: HmacKey[]) => mapMaybe(hasMatch(keys, matches), (matched) => matched || undefined)
    const found = searchSource(source, search, false, () =>
      refuse('secret_unavailable', 'no job keys are available: the function for job keys failed'),
    )
    return mapMaybe(found, (found) => found ?? false)
  }
}

const FAILED = {
  code: 'secret_unavailable',
  message: 'the function for job keys failed; the last keys it returned, if any, stay in use',
}

function hasMatch(
  keys: readonly HmacKey[],
  matches: (key: HmacKey) => MaybePromise<boolean>,
): MaybePromise<boolean> {
  return mapMaybe(findMaybe(keys, matches), (key) => key !== undefined)
}

function importJobKeys(jobKey: JobKeyTexts): MaybePromise<HmacKey[]> {
  return allMaybe(checkJobKeys(jobKey).map(importJobKey))
}

function importJobKey(jobKey: string): MaybePromise<HmacKey> {
  return primitives.importHmacKey(toUtf8(jobKey))
}

// The first field distinguishes these MACs from those of deliveries, in case a signing secret is reused as job key. The
// endpoint is last because only it may contain dots.
function toContent(endpoint: string, id: string, expires: string) {
  return { id: 'gwh-job-token', timestamp: `${id}.${expires}`, body: toUtf8(endpoint) }
}
