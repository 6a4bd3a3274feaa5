import { setTimeout } from 'node:timers/promises'
import { EVENT_TYPES } from '@gwh/core/events'
import { createJobToken, JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { noteBlockedTargets } from '../project/blocked-targets.ts'
import { findSetting } from '../project/configuration.ts'
import { callControl, type EmulatorAddress, findEmulator, listRegistered } from '../project/control-client.ts'
import { CliError } from '../shared/cli-error.ts'
import { type CommandContext, untilInterrupted } from '../shared/context.ts'
import { toFaultRule } from './faults.ts'

/** The options of `gwh trigger`. */
export interface TriggerFlags {
  readonly data?: Record<string, unknown>
  readonly metadata?: Record<string, unknown>
  /** Receivers that get it signed as a dynamic webhook, or with `static` as a static one. */
  readonly to?: readonly string[]
  /** The same, for the receivers of the registered webhooks. */
  readonly dynamic?: true
  /** Sends it straight to `to`, signed as a static webhook. */
  readonly static?: true
  /** The variable with the signing secret, for `static`; default `GEMINI_WEBHOOK_SECRET`, `WEBHOOK_SIGNING_SECRET`. */
  readonly secretEnv?: string
  /** The name of a fault, or `name=value`. */
  readonly fault?: string
  /** How many events. */
  readonly count: number
  /** Events per second; default as fast as the emulator takes them. */
  readonly rate?: number
  readonly list?: true
  readonly url?: string
  readonly json?: true
}

/** What the emulator says about an event that it sends. */
export interface Triggered {
  readonly webhook_ids: readonly string[]
  readonly deliveries: readonly { readonly webhookId: string; readonly uri: string }[]
}

/** Prints the event types. */
export function listTypes({ terminal }: CommandContext, { json }: TriggerFlags): void {
  if (json) terminal.json({ types: EVENT_TYPES })
  else for (const type of EVENT_TYPES) terminal.out(type)
}

/** Has the emulator send events. */
export async function trigger(context: CommandContext, type: string, flags: TriggerFlags): Promise<void> {
  const emulator = await findEmulator(context, flags.url, flags.to && WITHOUT_EMULATOR)
  const uris = flags.dynamic ? await dynamicUris(context, emulator, type) : flags.to
  const targets = new Set<string>()
  await sendAll(context, emulator, { type, flags, uris }, (sent) => {
    show(context, type, flags, sent)
    for (const { uri } of sent.deliveries) targets.add(uri)
  })
  await noteBlockedTargets(context, emulator.url, [...targets])
}

const WITHOUT_EMULATOR = 'Without an emulator: add --static, with GEMINI_WEBHOOK_SECRET set.'

/** Which events to send. */
interface EventsWanted {
  readonly type: string
  readonly flags: TriggerFlags
  /** Receivers that get them signed as a dynamic webhook; without them, the registered webhooks get them. */
  readonly uris: readonly string[] | undefined
}

/** Has an emulator send as many events as the flags say, no faster than they say. Calls `onSent` after each. */
export async function sendAll(
  context: CommandContext,
  emulator: EmulatorAddress,
  { type, flags, uris }: EventsWanted,
  onSent: (sent: Triggered) => void | Promise<void>,
): Promise<void> {
  const startedAt = performance.now()
  for (let index = 0; index < flags.count; index++) {
    if (flags.rate !== undefined) await waitUntil(context.signal, startedAt + (index * 1_000) / flags.rate)
    await injectFault(context, emulator, { type, fault: flags.fault, uris })
    const body = await toEvent(context, { type, flags, uris, index })
    const request = { method: 'POST', path: '/trigger', body, answers: 'deliveries' } as const
    await onSent(await callControl<Triggered>(context, emulator, request))
  }
}

/** The URIs of the webhooks that are subscribed to the type. */
async function dynamicUris(
  context: CommandContext,
  emulator: EmulatorAddress,
  type: string,
): Promise<string[]> {
  const uris = (await subscribed(context, emulator, type)).map(({ uri }) => uri)
  if (uris.length === 0)
    throw new CliError('failed', `no webhook is subscribed to ${type}: name a receiver with --to`)
  if ((await findSetting(context, 'GWH_JOB_KEY')) === undefined) {
    context.terminal.note(
      'GWH_JOB_KEY is not set, so the event has no job token: receivers with a job key answer 403.',
    )
  }
  return uris
}

async function subscribed(context: CommandContext, emulator: EmulatorAddress, type: string) {
  const webhooks = await listRegistered(context, emulator)
  return webhooks.filter(
    ({ state, subscribed_events }) => state === 'enabled' && subscribed_events.includes(type),
  )
}

interface FaultWanted {
  readonly type: string
  readonly fault: string | undefined
  readonly uris: readonly string[] | undefined
}

async function injectFault(
  context: CommandContext,
  emulator: EmulatorAddress,
  wanted: FaultWanted,
): Promise<void> {
  const { type, fault, uris } = wanted
  if (fault === undefined) return
  // A wrong name is refused before the emulator is asked anything.
  toFaultRule(fault, type, 1)
  const receivers = uris ?? (await subscribed(context, emulator, type))
  if (receivers.length === 0) return
  const body = toFaultRule(fault, type, receivers.length)
  await callControl(context, emulator, { method: 'POST', path: '/faults', body })
}

interface EventWanted extends EventsWanted {
  readonly index: number
}

async function toEvent(context: CommandContext, { type, flags, uris, index }: EventWanted): Promise<object> {
  const { data, metadata, dynamic, count } = flags
  const jobKey = dynamic ? (await findSetting(context, 'GWH_JOB_KEY'))?.value : undefined
  const token = jobKey ? { [JOB_TOKEN_FIELD]: await createJobToken({ jobKey }) } : {}
  const id = `${type.split('.')[0]}-${Date.now()}${count > 1 ? `-${index + 1}` : ''}`
  // Without data the emulator makes a job, whose result the handler can fetch.
  const isInvented = data !== undefined || !EVENT_TYPES.some((known) => known === type)
  return {
    type,
    ...(isInvented && { data: { id, ...data } }),
    ...((metadata || jobKey) && { user_metadata: { ...metadata, ...token } }),
    ...(uris && { uris }),
  }
}

async function waitUntil(signal: AbortSignal, at: number): Promise<void> {
  const ms = at - performance.now()
  if (ms > 0) await untilInterrupted(signal, setTimeout(ms, undefined, { ref: true }))
}

function show({ terminal }: CommandContext, type: string, { json }: TriggerFlags, sent: Triggered): void {
  if (json) {
    terminal.json(sent)
    return
  }
  for (const { webhookId, uri } of sent.deliveries) terminal.out(`${type} → ${uri}  ${webhookId}`)
  if (sent.deliveries.length > 0) return
  terminal.note(
    `No webhook is subscribed to ${type}. Start \`gwh dev --forward <url>\`, or name a receiver with --to.`,
  )
}
