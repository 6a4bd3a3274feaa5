import { primitives } from '#crypto'
import type { HmacKey } from '../crypto/primitives.ts'
import { fromBase64, fromBase64Url, toBase64Url, toUtf8 } from '../shared/bytes.ts'
import type { Clock } from '../shared/clock.ts'
import { allMaybe, findMaybe, type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { checkNames, invalid, wholeNumber } from '../shared/options.ts'
import { createRefreshable, searchSource } from '../shared/refreshable.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'

/** The member of `user_metadata` that holds the job token. */
export const JOB_TOKEN_FIELD = 'gwh_job_token'

// A job is processed for up to 48 hours, its deliveries are retried for 24; this is both and a day more.
const DEFAULT_LIFETIME_SECONDS = 96 * 3600
const SHORTEST_KEY = 32
const ID_BYTES = 16
const TOKEN = /^gwh1\.([A-Za-z0-9_-]{22})\.([1-9][0-9]{0,11})\.([A-Za-z0-9_-]{43})$/

/** Job keys, newest first, 32 characters or longer each. */
export type JobKeyTexts = string | readonly string[]

/** Job keys, or a function that returns them, so that they rotate without a restart. */
export type JobKeySource = JobKeyTexts | (() => JobKeyTexts | Promise<JobKeyTexts>)

/**
 * Makes the token that marks a job as ours. Put it into the job's `user_metadata` under `JOB_TOKEN_FIELD`.
 *
 * @param options.jobKey The key only your own code has; of several, the first (newest) signs. Or a function for it
 * @param options.endpoint The receiver's endpoint name. Default `default`
 * @param options.lifetimeSeconds How long deliveries of the job are accepted, in seconds. Default 345 600 (96 hours)
 * @param options.now The current time, in epoch milliseconds. Default `Date.now`
 * @throws WebhookConfigError `option_invalid` for a key of fewer than 32 characters
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

/** Decides whether a value is an unexpired job token of ours, for one endpoint. */
export type JobTokenVerifier = (token: unknown) => MaybePromise<boolean | Refusal>

/** What job tokens are verified with. */
export interface JobTokenSettings {
  jobKey: JobKeySource
  endpoint: string
  /** The current time, in epoch milliseconds. */
  now: () => number
  /** Time and timers of the cache, where `jobKey` is a function. */
  clock: Clock
  /** Receives what that function throws. */
  warn: (warning: { code: string; message: string; error: unknown }) => void
}

/** @throws WebhookConfigError `option_invalid` */
export function createJobTokenVerifier({
  jobKey,
  endpoint,
  now,
  ...rest
}: JobTokenSettings): JobTokenVerifier {
  const search = createKeySearch(jobKey, rest)
  return (token) => {
    const [, id, expires, mac] = (typeof token === 'string' && TOKEN.exec(token)) || []
    if (id === undefined || expires === undefined || mac === undefined) return false
    // A negated <= so that a clock that answers NaN refuses.
    if (!(now() / 1000 <= Number(expires))) return false
    if (!fromBase64Url(mac)) return false
    const signature = [`${mac.replaceAll('-', '+').replaceAll('_', '/')}=`]
    const content = toContent(endpoint, id, expires)
    return search((key) => primitives.verifyHmac(key, content, signature))
  }
}

type KeySearch = (matches: (key: HmacKey) => MaybePromise<boolean>) => MaybePromise<boolean | Refusal>

/** Whether any key matches; keys that a function returns are asked for again when none does. */
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
      refuse('secret_unavailable', 'there are no job keys: the function for them has failed'),
    )
    return mapMaybe(found, (found) => found ?? false)
  }
}

const FAILED = {
  code: 'secret_unavailable',
  message: 'the function for job keys failed; the last keys stay in use',
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

function checkJobKeys(jobKey: JobKeyTexts): readonly string[] {
  // Plain JavaScript passes unset variables.
  const keys = Array.isArray(jobKey) ? [...jobKey] : [jobKey]
  if (keys.length === 0 || keys.some((key) => typeof key !== 'string' || key.length < SHORTEST_KEY)) {
    throw invalid(`jobKey must have at least ${SHORTEST_KEY} characters`)
  }
  return keys
}

function importJobKey(jobKey: string): MaybePromise<HmacKey> {
  return primitives.importHmacKey(toUtf8(jobKey))
}

// The first field sets these MACs apart from those of deliveries, in case a signing secret is reused as job key. The
// endpoint comes last because it alone may contain dots.
function toContent(endpoint: string, id: string, expires: string) {
  return { id: 'gwh-job-token', timestamp: `${id}.${expires}`, body: toUtf8(endpoint) }
}
