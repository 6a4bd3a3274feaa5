import { Command, InvalidArgumentError, Option } from 'commander'
import type { ConformanceFlags } from '../conformance/conformance.ts'
import { FORMATS } from '../conformance/report.ts'
import type { CommandContext } from '../shared/context.ts'
import { SETTINGS_HELP } from './settings-help.ts'

/** `gwh conformance <url>`: examines a receiver in any language by the adapter contract. */
export function conformanceCommand(context: CommandContext): Command {
  return new Command('conformance')
    .description(
      'Send a receiver for tests deliveries by more than 500 rules, and report each rule that it breaks.',
    )
    .argument('<url>', 'where it listens: a plain http URL', readUrl)
    .option('--secret-env <name>', 'the variable with its signing secret; default GEMINI_WEBHOOK_SECRET')
    .option('--exact', 'its answers have the bodies of @gwh/core, too')
    .addOption(
      new Option('--mode <mode>', 'where its handlers run, if they are those of @gwh/testing')
        .choices(['inline', 'queue', 'unknown'])
        .default('unknown'),
    )
    .addOption(
      new Option('--server <name>', "accept what this server's HTTP parser does differently").choices([
        'node',
      ]),
    )
    .option('--max-body-bytes <n>', 'its limit; default 1048576', readNumber)
    .option('--body-timeout <ms>', 'how long it waits for a body; default 1000', readNumber)
    .option(
      '--jwks-port <number>',
      'also send dynamic deliveries; their public key is at http://127.0.0.1:<number>/jwks.json meanwhile',
      readPort,
    )
    .option('--only <text>', 'only the rules whose title contains this')
    .option('--skip <text...>', 'no rules whose title contains this')
    .addOption(new Option('--report <format>', 'the form of the report').choices(FORMATS).default('text'))
    .option('--json', 'the same as --report json')
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, flags: ConformanceFlags) => {
      const { conformance } = await import('../conformance/conformance.ts')
      process.exitCode = await conformance(context, url, flags)
    })
}

const EXAMPLES = `
Exits with 1 if a rule is broken. Send this to a receiver of its own, with a queue of its own: good deliveries are
handled, and some of them end as dead letters.
${SETTINGS_HELP}
With --jwks-port, start the receiver with that URL as its JWKS, and GWH_JOB_KEY in both: a dynamic delivery has a job token.

Examples:
  $ gwh conformance http://127.0.0.1:3000/webhooks/gemini --server node
  $ gwh conformance http://127.0.0.1:8000/hook --secret-env HOOK_SECRET --report junit > conformance.xml
  $ gwh conformance http://127.0.0.1:3000/webhooks/gemini --exact --skip 'raw:'
  $ GWH_JOB_KEY=... gwh conformance http://127.0.0.1:3000/webhooks/gemini --jwks-port 8788 --only dynamic`

function readUrl(text: string): string {
  if (URL.canParse(text) && new URL(text).protocol === 'http:') return text
  throw new InvalidArgumentError('A plain http URL is needed: the rules are about bytes on the wire.')
}

function readPort(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new InvalidArgumentError('A port from 1 to 65535 is needed.')
}

function readNumber(text: string): number {
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A number from 1 is needed.')
}
