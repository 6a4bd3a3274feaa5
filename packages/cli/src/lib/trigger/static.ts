import { EVENT_TYPES, suggestEventType } from '@gwh/core/events'
import { createEmulator, type DeliverySnapshot, type Emulator } from '@gwh/emulator'
import { findSecrets, listSecrets } from '../project/secrets.ts'
import { maskText, maskValue } from '../queue/mask.ts'
import { CliError } from '../shared/cli-error.ts'
import { type CommandContext, untilInterrupted } from '../shared/context.ts'
import { EXIT, type ExitCode } from '../shared/exit-codes.ts'
import { maskSecret } from '../shared/mask.ts'
import { dim, green, red } from '../shared/paint.ts'
import { sendAll, type TriggerFlags } from './trigger.ts'

/**
 * Sends events straight to `--to`, signed as a static webhook, each after the answer to the one before. The
 * command makes, signs and sends them with an emulator of its own, so none has to run.
 *
 * @returns The exit code of the first delivery that no 2xx answered
 * @throws CliError when no secret is known, or an option is wrong
 */
export async function triggerStatic(
  context: CommandContext,
  type: string,
  flags: TriggerFlags,
): Promise<ExitCode> {
  checkType(type)
  const emulator = await createSender(context, flags)
  let code: ExitCode = EXIT.ok
  try {
    const { url } = await emulator.listen({ port: 0 })
    const address = { url, token: emulator.controlToken }
    await sendAll(context, address, { type, flags, uris: undefined }, async (sent) => {
      await untilInterrupted(context.signal, emulator.settled())
      const ids = new Set(sent.webhook_ids)
      const deliveries = emulator.deliveries().filter(({ webhookId }) => ids.has(webhookId))
      report(context, flags, deliveries)
      code ||= deliveries.map(toExitCode).find((one) => one !== EXIT.ok) ?? EXIT.ok
    })
    return code
  } finally {
    await emulator.close()
  }
}

/** Webhooks subscribe to documented events only, so the emulator would send no other. */
function checkType(type: string): void {
  if (EVENT_TYPES.some((known) => known === type)) return
  const similar = suggestEventType(type)
  throw new CliError('usage', `--static sends documented events, and '${type}' is none`, {
    hint: similar ? `Did you mean '${similar}'?` : 'See gwh trigger --list.',
  })
}

/** Makes an emulator that signs with the newest secret, tries once, and sends wherever the user says. */
async function createSender(context: CommandContext, { to, secretEnv }: TriggerFlags): Promise<Emulator> {
  const found = await findSecrets(context, secretEnv)
  if (found === undefined) {
    throw new CliError('config', 'no signing secret is known here', {
      hint: 'Set GEMINI_WEBHOOK_SECRET, or name another variable with --secret-env.',
    })
  }
  const [secret = ''] = listSecrets(found.secrets)
  const webhooks = [...new Set(to)].map((uri) => ({ uri, secret }))
  try {
    const emulator = createEmulator({
      webhooks,
      retry: { scheduleMs: [0] },
      disableAfter: 0,
      allowRemote: 'private',
    })
    context.terminal.note(`Signed with the secret in ${found.source} (${maskSecret(secret)}).`)
    return emulator
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    const isSecret = cause.message.includes("'secret'")
    const hint = isSecret ? `The secret is the first of ${found.source}.` : 'The uri is the value of --to.'
    throw new CliError(isSecret ? 'config' : 'usage', cause.message, { hint, cause })
  }
}

function report(
  { terminal }: CommandContext,
  { json }: TriggerFlags,
  deliveries: readonly DeliverySnapshot[],
): void {
  if (json) {
    const answered = deliveries.map((delivery) => maskValue(delivery))
    terminal.json({ webhook_ids: deliveries.map(({ webhookId }) => webhookId), deliveries: answered })
    return
  }
  for (const { eventType, uri, webhookId, state, attempts } of deliveries) {
    const { status, code, reason, answer } = attempts.at(-1) ?? {}
    const outcome = [status ?? code ?? 'not sent', reason].filter(Boolean).join(': ')
    const paint = state === 'acked' ? green : red
    terminal.out(`${eventType} → ${uri}  ${webhookId}  `, paint(outcome))
    if (state !== 'acked' && answer) terminal.note(dim(maskText(answer).slice(0, LONGEST_ANSWER)))
  }
}

const LONGEST_ANSWER = 500

function toExitCode({ state, attempts }: DeliverySnapshot): ExitCode {
  const code = attempts.at(-1)?.code
  if (state === 'acked') return EXIT.ok
  if (code === 'connection_failed') return EXIT.network
  return code === 'timeout' ? EXIT.timeout : EXIT.failed
}
