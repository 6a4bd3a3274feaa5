import { MAX_TIMER_MS } from './limits.ts'
import { callable, checkNames, flag, number, rising, text, word } from './option-values.ts'

/** Whose sender the emulator imitates where they differ. */
export type Profile = 'gemini' | 'standard-webhooks' | 'guide'

/** How dynamic webhooks are signed. */
export type DynamicSigning = 'v1a' | 'jwt' | 'both'

/** How events are signed, delivered and retried; every part has a default. */
export interface DeliveryOptions {
  /** How failed deliveries are retried. Google publishes "exponential backoff for 24 hours" and no figures. */
  retry?: {
    /**
     * Planned attempt times in milliseconds after the event, rising, one attempt per entry; default 0, 5 s, 30 s,
     * 2 min, 10 min, 30 min, 1 h, 2 h, 4 h, 8 h, 16 h and 24 h.
     */
    scheduleMs?: readonly number[]
    /** Share from 0 to 1 by which each gap shrinks or grows at random; default 0.2. */
    jitter?: number
    /** No attempt is planned later than this many milliseconds after the event; default 24 h. */
    giveUpAfterMs?: number
    /**
     * Wall-clock milliseconds for one attempt from the look-up of the host to the end of the answer; default
     * 15 000. Neither scaled nor advanced with the clock, because the receiver is real.
     */
    timeoutMs?: number
  }
  /**
   * Whose sender to imitate: `gemini`, what Google documents and was seen to do; `standard-webhooks`, as `gemini`,
   * but a 410 answer ends the delivery and switches its webhook off
   * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md); `guide`, as
   * `gemini`, and a job's webhook config may have `request_headers` and `status_codes_to_retry_on`, which Google's
   * API does not have. Default `gemini`.
   */
  profile?: Profile
  /**
   * Deliveries of a registered webhook that must be given up in a row, none acknowledged in between, before it
   * becomes `disabled_due_to_failed_deliveries`. 0 never disables. Google has that state and publishes no figure;
   * default 5 is ours.
   */
  disableAfter?: number
  /**
   * How dynamic webhooks are signed: `v1a`, Ed25519 as Google was seen to sign; `jwt`, the documented RS256 token;
   * or `both` in one header. Default `v1a`.
   */
  signing?: DynamicSigning
  /** Claims of the token of `signing: 'jwt'`. Google documents neither value. */
  jwt?: {
    /** The `aud` claim; default `gwh-emulator`. */
    audience?: string
    /** The `iss` claim; default `https://generativelanguage.googleapis.com`. */
    issuer?: string
  }
  /**
   * Which secrets sign while a rotated one still lives: `both`, as Standard Webhooks has it, or `new`, only the
   * newest. What Google does is not known. Default `both`.
   */
  rotationSigning?: 'both' | 'new'
  /**
   * Where a job's `user_metadata` is in an event: beside `data` in the `envelope`, or inside `data`. What Google
   * does is not known. Default `envelope`.
   */
  userMetadataIn?: 'envelope' | 'data'
  /**
   * Sends deliveries; default `node:http` and `node:https`. A `fetch` given here looks host names up by itself, so
   * with `allowRemote` it may connect to another address than the one that was checked. Injected faults of the
   * connection do not go through it.
   */
  fetch?: typeof globalThis.fetch
  /**
   * Where deliveries may go; default `false`, this machine only. `true` adds the public internet, `'private'` also
   * private networks such as 10.0.0.0/8, for instance to a container next door. Link-local addresses, clouds'
   * metadata services and multicast stay blocked. A host name is looked up once per attempt: all of its addresses
   * must be allowed, and the connection goes to the first.
   */
  allowRemote?: boolean | 'private'
  /** Resolves a host name to its IP addresses, for `allowRemote`; default `node:dns`, as the system resolves it. */
  lookup?: (hostname: string) => Promise<readonly string[]>
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** 0 s, 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h, 8 h, 16 h, 24 h: Google publishes only "24 hours". */
const DEFAULT_SCHEDULE_MS: readonly number[] = [
  0,
  5000,
  30_000,
  ...[2, 10, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 4, 8, 16, 24].map((hours) => hours * HOUR_MS),
]

/** How long a receiver's failures are retried: 24 hours (https://ai.google.dev/gemini-api/docs/webhooks). */
const DEFAULT_GIVE_UP_AFTER_MS = 24 * HOUR_MS

/** Checked {@link DeliveryOptions} with every default filled in. */
export interface DeliverySettings {
  readonly retry: {
    readonly scheduleMs: readonly number[]
    readonly jitter: number
    readonly giveUpAfterMs: number
    readonly timeoutMs: number
  }
  readonly profile: Profile
  readonly disableAfter: number
  readonly signing: DynamicSigning
  readonly jwt: { readonly audience: string; readonly issuer: string }
  readonly rotationSigning: 'both' | 'new'
  readonly userMetadataIn: 'envelope' | 'data'
  /** Absent for `node:http`. */
  readonly fetch: typeof globalThis.fetch | undefined
  readonly allowRemote: boolean | 'private'
  /** Absent for the system's own resolver. */
  readonly lookup: ((hostname: string) => Promise<readonly string[]>) | undefined
}

/** The names of the options in {@link DeliveryOptions}. */
export const DELIVERY_OPTION_NAMES: readonly (keyof DeliveryOptions)[] = [
  'retry',
  'profile',
  'disableAfter',
  'signing',
  'jwt',
  'rotationSigning',
  'userMetadataIn',
  'fetch',
  'allowRemote',
  'lookup',
]

const RETRY_NAMES = ['scheduleMs', 'jitter', 'giveUpAfterMs', 'timeoutMs']
const JWT_NAMES = ['audience', 'issuer']

/** Checks and copies the options; throws `TypeError` on a value out of range. */
export function readDeliveryOptions(options: DeliveryOptions): DeliverySettings {
  const { fetch, allowRemote = false, lookup } = options
  return {
    retry: readRetry(options.retry ?? {}),
    profile: word('profile', options.profile ?? 'gemini', ['gemini', 'standard-webhooks', 'guide']),
    disableAfter: number('disableAfter', options.disableAfter ?? 5),
    signing: word('signing', options.signing ?? 'v1a', ['v1a', 'jwt', 'both']),
    jwt: readJwt(options.jwt ?? {}),
    rotationSigning: word('rotationSigning', options.rotationSigning ?? 'both', ['both', 'new']),
    userMetadataIn: word('userMetadataIn', options.userMetadataIn ?? 'envelope', ['envelope', 'data']),
    fetch: fetch && callable('fetch', fetch),
    allowRemote: allowRemote === 'private' ? 'private' : flag('allowRemote', allowRemote),
    lookup: lookup && callable('lookup', lookup),
  }
}

function readRetry(retry: NonNullable<DeliveryOptions['retry']>): DeliverySettings['retry'] {
  checkNames('retry.', retry, RETRY_NAMES)
  return {
    scheduleMs: rising('retry.scheduleMs', retry.scheduleMs ?? DEFAULT_SCHEDULE_MS),
    jitter: number('retry.jitter', retry.jitter ?? 0.2, { atMost: 1 }),
    giveUpAfterMs: number('retry.giveUpAfterMs', retry.giveUpAfterMs ?? DEFAULT_GIVE_UP_AFTER_MS),
    timeoutMs: number('retry.timeoutMs', retry.timeoutMs ?? 15_000, { above: 0, atMost: MAX_TIMER_MS }),
  }
}

function readJwt(jwt: NonNullable<DeliveryOptions['jwt']>): DeliverySettings['jwt'] {
  checkNames('jwt.', jwt, JWT_NAMES)
  return {
    audience: text('jwt.audience', jwt.audience ?? 'gwh-emulator'),
    issuer: text('jwt.issuer', jwt.issuer ?? 'https://generativelanguage.googleapis.com'),
  }
}
