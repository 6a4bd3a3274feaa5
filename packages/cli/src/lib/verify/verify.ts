import { type Explanation, explainFailure } from '@gwh/core/explain'
import { GOOGLE_JWKS_URL, type VerifyOptions, verifyWebhook } from '@gwh/core/verify'
import { findSetting } from '../project/configuration.ts'
import { findSecrets } from '../project/secrets.ts'
import { CliError } from '../shared/cli-error.ts'
import { type CommandContext, untilInterrupted } from '../shared/context.ts'
import { EXIT, type ExitCode } from '../shared/exit-codes.ts'
import { toFields } from '../shared/fields.ts'
import { dim, green, red } from '../shared/paint.ts'
import type { RecordedDelivery } from './delivery.ts'
import { type DeliverySource, readDeliveries } from './read-deliveries.ts'

/** The options of `gwh verify`. */
export interface VerifyFlags extends DeliverySource {
  readonly secretEnv?: string
  readonly jwks?: string
  readonly audience?: string
  /** Epoch milliseconds, or `sent` for the time in the delivery itself. */
  readonly at?: number | 'sent'
  readonly tolerance?: number
  readonly format?: 'base64' | 'raw'
  readonly json?: true
}

/** What is found out about one delivery. */
interface Verdict {
  readonly verified: boolean
  readonly reason: Explanation['reason']
  readonly code?: string | undefined
  readonly message: string
  readonly skewSeconds?: number | undefined
  readonly id?: string | undefined
  readonly timestamp?: number | undefined
  readonly scheme?: string | undefined
  readonly keyId?: string | undefined
  readonly type?: string | undefined
}

/** Verifies deliveries and says why one does not verify; returns the exit code. */
export async function verify(context: CommandContext, flags: VerifyFlags): Promise<ExitCode> {
  const deliveries = await untilInterrupted(context.signal, readDeliveries(context, flags))
  let allVerify = true
  for (const delivery of deliveries) {
    const options = await toOptions(context, flags, delivery)
    const verdict = await untilInterrupted(context.signal, judge(delivery, options))
    allVerify &&= verdict.verified
    if (flags.json) context.terminal.json(verdict)
    else show(context, verdict, flags)
  }
  return allVerify ? EXIT.ok : EXIT.failed
}

async function toOptions(
  context: CommandContext,
  flags: VerifyFlags,
  { headers, at: sentAt }: RecordedDelivery,
): Promise<VerifyOptions> {
  const at = flags.at ?? sentAt
  const found = await findSecrets(context, flags.secretEnv)
  const isDynamic = /(^| )(v1a,|eyJ)/.test(headers['webhook-signature']?.[0] ?? '')
  const known = flags.jwks ?? (await findSetting(context, 'GWH_JWKS_URL'))?.value
  const jwks = known ?? (isDynamic ? GOOGLE_JWKS_URL : undefined)
  if (found === undefined && jwks === undefined) {
    throw new CliError('config', 'no signing secret is known', {
      hint: 'Set GEMINI_WEBHOOK_SECRET, or WEBHOOK_SIGNING_SECRET, or be in a folder where `gwh dev` ran.',
    })
  }
  return {
    ...(found && { secrets: found.secrets }),
    ...(flags.format && { format: flags.format }),
    ...(jwks && { jwks }),
    ...(flags.audience && { jwt: { audience: flags.audience } }),
    ...(flags.tolerance !== undefined && { toleranceSeconds: flags.tolerance }),
    ...(at !== undefined && { now: toClock(at, headers) }),
    // A tool that explains may look at what a receiver in production refuses.
    allowEmulator: true,
  }
}

function toClock(at: number | 'sent', headers: RecordedDelivery['headers']): () => number {
  const sent = Number(headers['webhook-timestamp']?.[0]) * 1000
  return () => (at === 'sent' ? sent : at)
}

async function judge(delivery: RecordedDelivery, options: VerifyOptions): Promise<Verdict> {
  const { reason, code, message, skewSeconds } = await explainFailure(delivery, options)
  const verified = reason === 'verified'
  const { id, timestamp, scheme, keyId } = verified
    ? await verifyWebhook(delivery, options)
    : { ...fromHeaders(delivery.headers), scheme: undefined, keyId: undefined }
  return {
    verified,
    reason,
    code,
    message,
    skewSeconds,
    id,
    timestamp,
    scheme,
    keyId,
    type: typeOf(delivery.body),
  }
}

function fromHeaders(headers: RecordedDelivery['headers']) {
  const seconds = headers['webhook-timestamp']?.[0] ?? ''
  const timestamp = /^\d{1,12}$/.test(seconds) ? Number(seconds) : undefined
  return { id: headers['webhook-id']?.[0], timestamp }
}

function typeOf(body: Uint8Array): string | undefined {
  try {
    const { type } = toFields(JSON.parse(new TextDecoder().decode(body)))
    return typeof type === 'string' ? type : undefined
  } catch {
    return undefined
  }
}

function show({ terminal }: CommandContext, verdict: Verdict, flags: VerifyFlags): void {
  if (verdict.verified) terminal.out(green('verified'))
  else terminal.out(red('not verified'), dim(` (${verdict.code})`))
  if (!verdict.verified) terminal.out(`  ${verdict.message}`)
  if (verdict.reason === 'clock_skew' && flags.at === undefined) {
    terminal.out('  Was it recorded earlier? With --at sent it is judged as if it arrived when it was sent.')
  }
  const { id, timestamp, scheme, keyId, type } = verdict
  const sent = timestamp === undefined ? undefined : new Date(timestamp * 1000).toISOString()
  for (const [name, value] of Object.entries({ id, sent, type, scheme, key: keyId })) {
    if (value !== undefined) terminal.out('  ', dim(name.padEnd(6)), ` ${value.slice(0, 200)}`)
  }
}
