import { Command, InvalidArgumentError } from 'commander'
import type { DoctorFlags } from '../doctor/doctor.ts'
import { QUEUE_FILE } from '../project/queue-file.ts'
import type { CommandContext } from '../shared/context.ts'
import { readUrl } from './read-url.ts'
import { SETTINGS_HELP } from './settings-help.ts'

/** `gwh doctor [url]`: checks what usually goes wrong. */
export function doctorCommand(context: CommandContext): Command {
  return new Command('doctor')
    .description(
      'Check versions, secrets, clock, public keys, a receiver and its queue; each finding with its fix.',
    )
    .argument('[url]', 'a receiver: it gets pings and deliveries that it must refuse', readUrl)
    .option('--secret-env <name>', 'the variable with the signing secrets; default GEMINI_WEBHOOK_SECRET')
    .option('--jwks <url>', "the public keys of dynamic webhooks; default GWH_JWKS_URL, or Google's")
    .option(
      '-q, --queue <file|url>',
      `the queue of the receiver; default GWH_QUEUE, REDIS_URL, or ${QUEUE_FILE} in this folder`,
    )
    .option('--timeout <seconds>', 'how long the receiver may take to answer', readSeconds, 15)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (url: string | undefined, flags: DoctorFlags) => {
      const { doctor } = await import('../doctor/doctor.ts')
      process.exitCode = await doctor(context, url, flags)
    })
}

const EXAMPLES = `
Exits with 1 if a check fails. A receiver gets some 20 requests; those that it accepts are events of the type "ping". One
has a body that never ends, so this takes as long as the receiver waits for bodies, at most the --timeout. What a failing
handler, a full queue or a delivery of another customer is answered with cannot be seen without side effects: for that,
see gwh conformance.
${SETTINGS_HELP}

Examples:
  $ gwh doctor
  $ gwh doctor https://example.com/webhooks/gemini
  $ gwh doctor http://127.0.0.1:3000/webhooks/gemini --queue /var/lib/app/webhooks.db`

function readSeconds(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Seconds from 1 to 999 are needed.')
}
