import { type AdapterContract, NODE_HTTP_EXCEPTIONS } from '@gwh/testing'
import { findSecrets } from '../project/secrets.ts'
import { CliError } from '../shared/cli-error.ts'
import { type CommandContext, untilInterrupted } from '../shared/context.ts'
import { EXIT, type ExitCode } from '../shared/exit-codes.ts'
import { type Format, printReport } from './report.ts'
import { runContract, type Selection } from './run.ts'

/** The options of `gwh conformance`. */
export interface ConformanceFlags extends Selection {
  readonly secretEnv?: string
  /** Whether the bodies of answers count, as those of `@gwh/core`. */
  readonly exact?: true
  /** For a receiver with `contractHandlers`. */
  readonly mode: 'inline' | 'queue' | 'unknown'
  readonly server?: 'node'
  readonly maxBodyBytes?: number
  readonly bodyTimeout?: number
  readonly report: Format
  readonly json?: true
}

/** Examines a receiver by the adapter contract; returns the exit code. */
export async function conformance(
  context: CommandContext,
  url: string,
  flags: ConformanceFlags,
): Promise<ExitCode> {
  const found = await findSecrets(context, flags.secretEnv)
  if (found === undefined) {
    throw new CliError('config', 'no signing secret is known', {
      hint: 'Set GEMINI_WEBHOOK_SECRET to that of the receiver.',
    })
  }
  await checkReachable(url)
  const contract = toContract(url, found.secrets, flags)
  const results = await untilInterrupted(context.signal, runContract(contract, flags))
  printReport(context.terminal, flags.json ? 'json' : flags.report, url, results)
  return results.every(({ passed }) => passed) ? EXIT.ok : EXIT.failed
}

function toContract(url: string, secrets: string, flags: ConformanceFlags): AdapterContract {
  const { mode, exact, server, maxBodyBytes, bodyTimeout } = flags
  return {
    url,
    // The newest; a receiver during a rotation accepts several.
    secret: secrets.split(/[\s,]+/)[0]!,
    dynamic: false,
    mode,
    answers: exact ? 'exact' : 'status',
    ...(server && { exceptions: NODE_HTTP_EXCEPTIONS }),
    ...(maxBodyBytes !== undefined && { maxBodyBytes }),
    ...(bodyTimeout !== undefined && { bodyTimeoutMs: bodyTimeout }),
  }
}

async function checkReachable(url: string): Promise<void> {
  await fetch(url, { method: 'POST', signal: AbortSignal.timeout(5_000) }).catch((cause: unknown) => {
    throw new CliError('network', `nothing answers at ${url}`, { hint: 'Is the receiver running?', cause })
  })
}
