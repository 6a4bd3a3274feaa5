import { randomText } from './ids.ts'
import { echo, type Respond } from './respond.ts'
import type { Scenario } from './scenario.ts'
import { type EmulatorObserver, quietObserver } from './signals.ts'

/** A webhook that is registered before the emulator answers. */
export interface PresetWebhook {
  /** Where its events go. */
  uri: string
  /**
   * Its signing secret, `whsec_` and base64, so that a receiver's configuration holds over restarts. Default: a
   * random one, which a state file keeps.
   */
  secret?: string
  /** The event types it is subscribed to; default all. */
  events?: readonly string[]
  /** Its display name; default none. */
  name?: string
}

/** How an emulator behaves; every part has a default. */
export interface EmulatorOptions {
  /** How long jobs take. */
  jobs?: {
    /** Milliseconds from a batch's creation to its end; default 1500. */
    batchMs?: number
    /** Milliseconds from a background interaction's creation to its end; default 2500. */
    interactionMs?: number
    /** Milliseconds from a video job's creation to its end; default 3000. */
    videoMs?: number
  }
  /**
   * Webhooks that are registered before the emulator answers. One that a state file holds already, with the same
   * `uri`, is kept and brought up to date. Default: none.
   */
  webhooks?: readonly PresetWebhook[]
  /**
   * How jobs end: the first scenario that matches a new job decides. One that matches none succeeds, with an echo
   * of its prompt. Default: none.
   */
  scenarios?: readonly Scenario[]
  /**
   * The bearer token for the control API under `/_gwh`; at least 16 characters. Default: a random one, as
   * `emulator.controlToken`.
   */
  controlToken?: string
  /** How failed deliveries are retried. Google publishes "exponential backoff for 24 hours" and no figures. */
  retry?: {
    /**
     * Planned attempt times in milliseconds after the event, rising, one attempt per entry; default 0, 5 s, 30 s,
     * 2 min, 10 min, 30 min, 1 h, 2 h, 4 h, 8 h, 16 h and 24 h.
     */
    scheduleMs?: readonly number[]
    /** Share from 0 to 1 by which each gap shrinks or grows at random; default 0.2. */
    jitter?: number
    /** No attempt starts later than this many milliseconds after the event; default 24 h. */
    giveUpAfterMs?: number
    /**
     * Wall-clock milliseconds a receiver has for one attempt; default 10 000. Neither scaled nor advanced with
     * the clock, because the receiver is real.
     */
    timeoutMs?: number
  }
  /** Emulated milliseconds per real millisecond; default 1. */
  timeScale?: number
  /** Real time in epoch milliseconds; default `Date.now`. */
  now?: () => number
  /** Chance from 0 up to 1, for jitter; default `Math.random`. */
  random?: () => number
  /**
   * Sends deliveries; default the global `fetch`. A `fetch` given here looks host names up by itself, so with
   * `allowRemote` it may connect to another address than the one that was checked.
   */
  fetch?: typeof globalThis.fetch
  /** Called with every job, attempt and outcome. Default: nothing is reported. */
  observer?: EmulatorObserver
  /**
   * Where deliveries may go; default `false`, this machine only. `true` adds the public internet, `'private'` also
   * private networks such as 10.0.0.0/8, for instance to a container next door. Link-local addresses, clouds'
   * metadata services and multicast stay blocked. A host name is looked up once per attempt: all of its addresses
   * must be allowed, and the connection goes to the first.
   */
  allowRemote?: boolean | 'private'
  /** Resolves a host name to its IP addresses, for `allowRemote`; default `node:dns`, as the system resolves it. */
  lookup?: (hostname: string) => Promise<readonly string[]>
  /**
   * Accept only what Google's validator was seen to accept: no subscriptions to the two `*.cancelled` types and
   * no upper-case `revocation_behavior`, both of which the guide uses. Default false.
   */
  strict?: boolean
  /**
   * Path of a SQLite file that keeps webhooks, jobs and deliveries; created when missing. With it they survive the
   * process, however it ends: what is pending goes on where it was, and the clock goes on too. Default: everything
   * is in memory. One emulator uses a file at a time. Uploaded and generated files are beside it, in the directory
   * `<state>-files`; without it they are in a temporary directory, which closing deletes.
   */
  state?: string
  /** Answers for the model, wherever an answer is invented; default an echo of the prompt. */
  respond?: Respond
  /** What the emulator keeps at most. What goes beyond is refused with an error that names the limit. */
  limits?: Partial<Limits>
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

/** What an emulator keeps at most. */
export interface Limits {
  /** Number of jobs, ended ones included; default 100 000. */
  readonly jobs: number
  /** Bytes of one file; default 2 GiB, about what Google takes. */
  readonly fileBytes: number
  /** Bytes of all files, unfinished uploads included; default 20 GiB, about what Google takes. */
  readonly totalFileBytes: number
  /** Number of files, unfinished ones included; default 10 000. */
  readonly files: number
  /** Number of unfinished uploads; default 100. */
  readonly uploads: number
  /** Bytes of one line of a batch's input file; default 20 MiB. */
  readonly batchLineBytes: number
}

const MIB = 1024 * 1024

const DEFAULT_LIMITS: Limits = {
  jobs: 100_000,
  fileBytes: 2048 * MIB,
  totalFileBytes: 20 * 1024 * MIB,
  files: 10_000,
  uploads: 100,
  batchLineBytes: 20 * MIB,
}

/** Checked options with every default filled in. */
export interface Settings {
  readonly jobs: { readonly batchMs: number; readonly interactionMs: number; readonly videoMs: number }
  readonly webhooks: readonly PresetWebhook[]
  readonly scenarios: readonly Scenario[]
  readonly controlToken: string
  readonly retry: {
    readonly scheduleMs: readonly number[]
    readonly jitter: number
    readonly giveUpAfterMs: number
    readonly timeoutMs: number
  }
  readonly timeScale: number
  readonly now: () => number
  readonly random: () => number
  /** Absent for the global `fetch`, looked up at each call so that a replaced one is used. */
  readonly fetch: typeof globalThis.fetch | undefined
  readonly observer: EmulatorObserver
  readonly allowRemote: boolean | 'private'
  /** Absent for the system's own resolver. */
  readonly lookup: ((hostname: string) => Promise<readonly string[]>) | undefined
  readonly strict: boolean
  /** Absent for memory. */
  readonly state: string | undefined
  readonly respond: Respond
  readonly limits: Limits
}

const NAMES =
  'jobs webhooks scenarios controlToken limits respond retry timeScale now random fetch observer allowRemote lookup strict state'.split(
    ' ',
  )
const JOB_NAMES = ['batchMs', 'interactionMs', 'videoMs']
const RETRY_NAMES = ['scheduleMs', 'jitter', 'giveUpAfterMs', 'timeoutMs']

/** Checks and copies the options; throws `TypeError` on an unknown name or a value out of range. */
export function readOptions(options: EmulatorOptions = {}): Settings {
  checkNames('', options, NAMES)
  return {
    jobs: readJobs(options.jobs ?? {}),
    webhooks: [...list('webhooks', options.webhooks ?? [])],
    scenarios: [...list('scenarios', options.scenarios ?? [])],
    controlToken: token(options.controlToken ?? randomText(32)),
    retry: readRetry(options.retry ?? {}),
    timeScale: number('timeScale', options.timeScale ?? 1, { above: 0 }),
    now: callable('now', options.now ?? Date.now),
    random: callable('random', options.random ?? Math.random),
    fetch: options.fetch && callable('fetch', options.fetch),
    observer: quietObserver(callable('observer', options.observer ?? (() => {}))),
    allowRemote:
      options.allowRemote === 'private' ? 'private' : flag('allowRemote', options.allowRemote ?? false),
    lookup: options.lookup && callable('lookup', options.lookup),
    strict: flag('strict', options.strict ?? false),
    state: options.state === undefined ? undefined : path('state', options.state),
    respond: callable('respond', options.respond ?? echo),
    limits: readLimits(options.limits ?? {}),
  }
}

function readLimits(limits: Partial<Limits>): Limits {
  checkNames('limits.', limits, Object.keys(DEFAULT_LIMITS))
  const read = (name: keyof Limits) => number(`limits.${name}`, limits[name] ?? DEFAULT_LIMITS[name])
  return {
    jobs: read('jobs'),
    fileBytes: read('fileBytes'),
    totalFileBytes: read('totalFileBytes'),
    files: read('files'),
    uploads: read('uploads'),
    batchLineBytes: read('batchLineBytes'),
  }
}

function readJobs(jobs: NonNullable<EmulatorOptions['jobs']>): Settings['jobs'] {
  checkNames('jobs.', jobs, JOB_NAMES)
  return {
    batchMs: number('jobs.batchMs', jobs.batchMs ?? 1500),
    interactionMs: number('jobs.interactionMs', jobs.interactionMs ?? 2500),
    videoMs: number('jobs.videoMs', jobs.videoMs ?? 3000),
  }
}

function readRetry(retry: NonNullable<EmulatorOptions['retry']>): Settings['retry'] {
  checkNames('retry.', retry, RETRY_NAMES)
  return {
    scheduleMs: rising('retry.scheduleMs', retry.scheduleMs ?? DEFAULT_SCHEDULE_MS),
    jitter: number('retry.jitter', retry.jitter ?? 0.2, { atMost: 1 }),
    giveUpAfterMs: number('retry.giveUpAfterMs', retry.giveUpAfterMs ?? DEFAULT_GIVE_UP_AFTER_MS),
    timeoutMs: number('retry.timeoutMs', retry.timeoutMs ?? 10_000, { above: 0, atMost: 2 ** 31 - 1 }),
  }
}

function list<Item>(name: string, value: readonly Item[]): readonly Item[] {
  if (!Array.isArray(value)) throw new TypeError(`${name} must be a list`)
  return value
}

const MIN_TOKEN_LENGTH = 16

function token(value: unknown): string {
  // What a header can carry as a bearer token (https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
  const isToken =
    typeof value === 'string' && /^[\w.~+/-]+=*$/.test(value) && value.length >= MIN_TOKEN_LENGTH
  if (isToken) return value
  throw new TypeError(`controlToken must be at least ${MIN_TOKEN_LENGTH} letters, digits or any of -._~+/`)
}

function checkNames(prefix: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${prefix || 'options'} must be an object`)
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`unknown option ${prefix}${name}`)
  }
}

function number(name: string, value: unknown, range: { above?: number; atMost?: number } = {}): number {
  const { above = -1, atMost = Number.MAX_VALUE } = range
  // Written as what fits, so that NaN, which compares with nothing, is refused.
  if (typeof value === 'number' && value >= 0 && value > above && value <= atMost) return value
  throw new TypeError(`${name} is out of range: ${String(value)}`)
}

function rising(name: string, value: unknown): readonly number[] {
  if (!Array.isArray(value) || value.length === 0) throw new TypeError(`${name} must list at least one time`)
  const times = value.map((time, index) => number(`${name}[${index}]`, time))
  if (times.some((time, index) => index > 0 && time <= times[index - 1]!)) {
    throw new TypeError(`${name} must rise from entry to entry`)
  }
  return times
}

function path(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  throw new TypeError(`${name} must be the path of a file`)
}

function flag(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${name} must be true or false`)
  return value
}

function callable<Fn extends (...args: never[]) => unknown>(name: string, value: Fn): Fn {
  if (typeof value !== 'function') throw new TypeError(`${name} must be a function`)
  return value
}
