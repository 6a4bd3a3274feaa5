import { Command, InvalidArgumentError, Option } from 'commander'
import type { CommandContext } from '../shared/context.ts'
import type { VerifyFlags } from '../verify/verify.ts'
import { SETTINGS_HELP } from './settings-help.ts'

/** `gwh verify`: says whether a recorded delivery verifies, and why not. */
export function verifyCommand(context: CommandContext): Command {
  return new Command('verify')
    .description('Verify a recorded delivery, and say in words why it does not verify.')
    .argument(
      '[file]',
      'a raw HTTP request, an HTTP archive (HAR), a curl command or a delivery of the emulator; default standard input',
    )
    .option('--delivery <id>', 'a delivery of the running emulator, as it was sent last, by its webhook-id')
    .option('--header-file <file>', 'the headers alone, as lines or as a JSON object; with --body-file')
    .option('--body-file <file>', 'the exact bytes of the body')
    .option(
      '--secret-env <name>',
      'the variable with the signing secrets; default GEMINI_WEBHOOK_SECRET, WEBHOOK_SIGNING_SECRET',
    )
    .addOption(new Option('--format <format>', 'the format of the secrets').choices(['base64', 'raw']))
    .option('--jwks <url>', "the public keys of dynamic webhooks; default GWH_JWKS_URL, or Google's")
    .option('--audience <text>', 'also accept a JSON Web Token for this audience')
    .option(
      '--at <time>',
      "judge its age as if it arrived then: ISO 8601, unix seconds, or 'sent' for when it was sent; default now, or when the emulator sent it",
      readTime,
    )
    .option('--tolerance <seconds>', 'how old it may be: the replay window; default 300', readSeconds)
    .option('--json', 'print JSON, one document per delivery')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string | undefined, flags: VerifyFlags) => {
      const { verify } = await import('../verify/verify.ts')
      process.exitCode = await verify(context, { ...flags, file })
    })
}

const EXAMPLES = `
Exits with 0 if every delivery verifies, with 1 if one does not. Secrets are never arguments.
${SETTINGS_HELP}

Examples:
  $ gwh verify request.http --at sent
  $ pbpaste | gwh verify                     # a curl command, copied from a browser
  $ gwh verify --delivery msg_1              # of the emulator that gwh dev runs in this folder
  $ gwh verify session.har --at 2026-11-20T12:00:00Z
  $ gwh verify --header-file headers.txt --body-file body.bin --jwks http://127.0.0.1:8787/.well-known/jwks.json`

function readTime(text: string): number | 'sent' {
  if (text === 'sent') return text
  const ms = /^\d+$/.test(text) ? Number(text) * (text.length > 11 ? 1 : 1000) : Date.parse(text)
  if (!Number.isNaN(new Date(ms).getTime())) return ms
  throw new InvalidArgumentError("An ISO 8601 time, unix seconds or 'sent' is needed.")
}

function readSeconds(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Whole seconds are needed.')
}
