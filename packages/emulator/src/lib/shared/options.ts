import type { InspectableQueue } from '@gwh/inspector/page'
import {
  DELIVERY_OPTION_NAMES,
  type DeliveryOptions,
  type DeliverySettings,
  readDeliveryOptions,
} from './delivery-options.ts'
import { randomText } from './ids.ts'
import { type Limits, readLimits } from './limits.ts'
import { callable, checkNames, flag, number, path } from './option-values.ts'
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
  /**
   * The id of the webhook in the state file that this one is: it is brought up to date even if its `uri` was another
   * one. Default, and when the file has no such webhook: the one with the same `uri`, or a new one.
   */
  id?: string
}

/** How an emulator behaves; every part has a default. */
export interface EmulatorOptions extends DeliveryOptions {
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
   * `id` or `uri`, is kept and brought up to date. Default: none.
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
  /** Emulated milliseconds per real millisecond; default 1. */
  timeScale?: number
  /** Real time in epoch milliseconds; default `Date.now`. */
  now?: () => number
  /** Chance from 0 up to 1, for jitter; default `Math.random`. */
  random?: () => number
  /** Called with every job, attempt and outcome. Default: nothing is reported. */
  observer?: EmulatorObserver
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
  /**
   * A queue that the page at `/` shows beside the deliveries, usually the receiver's own: its counts, its dead letters,
   * and what can be done about them. The emulator never writes to it by itself. Default: none.
   */
  queue?: InspectableQueue
  /** What the emulator keeps at most. What goes beyond is refused with an error that names the limit. */
  limits?: Partial<Limits>
}

/** Checked options with every default filled in. */
export interface Settings extends DeliverySettings {
  readonly jobs: { readonly batchMs: number; readonly interactionMs: number; readonly videoMs: number }
  readonly webhooks: readonly PresetWebhook[]
  readonly scenarios: readonly Scenario[]
  readonly controlToken: string
  readonly timeScale: number
  readonly now: () => number
  readonly random: () => number
  readonly observer: EmulatorObserver
  readonly strict: boolean
  /** Absent for memory. */
  readonly state: string | undefined
  readonly respond: Respond
  /** Absent when none is shown. */
  readonly queue: InspectableQueue | undefined
  readonly limits: Limits
}

const NAMES = [
  ...'jobs webhooks scenarios controlToken limits queue respond timeScale now random observer strict state'.split(
    ' ',
  ),
  ...DELIVERY_OPTION_NAMES,
]
const JOB_NAMES = ['batchMs', 'interactionMs', 'videoMs']

/** Checks and copies the options; throws `TypeError` on an unknown name or a value out of range. */
export function readOptions(options: EmulatorOptions = {}): Settings {
  checkNames('', options, NAMES)
  return {
    ...readDeliveryOptions(options),
    jobs: readJobs(options.jobs ?? {}),
    webhooks: [...list('webhooks', options.webhooks ?? [])],
    scenarios: [...list('scenarios', options.scenarios ?? [])],
    controlToken: token(options.controlToken ?? randomText(32)),
    timeScale: number('timeScale', options.timeScale ?? 1, { above: 0 }),
    now: callable('now', options.now ?? Date.now),
    random: callable('random', options.random ?? Math.random),
    observer: quietObserver(callable('observer', options.observer ?? (() => {}))),
    strict: flag('strict', options.strict ?? false),
    state: options.state === undefined ? undefined : path('state', options.state),
    respond: callable('respond', options.respond ?? echo),
    queue: options.queue === undefined ? undefined : deliveryQueue(options.queue),
    limits: readLimits(options.limits ?? {}),
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

function deliveryQueue(value: InspectableQueue): InspectableQueue {
  if (typeof value?.stats !== 'function') throw new TypeError('queue must be a delivery queue')
  return value
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
