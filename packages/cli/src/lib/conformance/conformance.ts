import type { AdapterContract } from '@gwh/testing'
import { findSetting } from '../project/configuration.ts'
import { findSecrets } from '../project/secrets.ts'
import { CliError } from '../shared/cli-error.ts'
import { type CommandContext, untilInterrupted } from '../shared/context.ts'
import { EXIT, type ExitCode } from '../shared/exit-codes.ts'
import { serveKey } from './key-server.ts'
import { type Format, printReport } from './report.ts'
import { runContract, type Selection } from './run.ts'
import { nodeExceptions } from './server-rules.ts'

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
  /** Where to serve the public key of dynamic deliveries; without it there are none. */
  readonly jwksPort?: number
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
  const keys = await openKeys(context, flags.jwksPort)
  try {
    const contract = { ...toContract(url, found.secrets, flags), dynamic: keys?.dynamic ?? (false as const) }
    const results = await untilInterrupted(context.signal, runContract(contract, flags))
    printReport(context.terminal, flags.json ? 'json' : flags.report, url, results)
    return results.every(({ passed }) => passed) ? EXIT.ok : EXIT.failed
  } finally {
    keys?.close()
  }
}

/** Serves a public key, and says how dynamic deliveries are signed and marked. */
async function openKeys(context: CommandContext, port: number | undefined) {
  if (port === undefined) return undefined
  const jobKey = (await findSetting(context, 'GWH_JOB_KEY'))?.value
  if (jobKey === undefined) {
    throw new CliError('config', 'the job key of the receiver is not known', {
      hint: 'Dynamic deliveries have a job token: set GWH_JOB_KEY.',
    })
  }
  const { url, privateKey, close } = await serveKey(context.cwd, port)
  context.terminal.note(`The receiver must take its public keys from ${url}`)
  return { dynamic: { privateKey, jobKey }, close }
}

function toContract(url: string, secrets: string, flags: ConformanceFlags): AdapterContract {
  const { mode, exact, server, maxBodyBytes, bodyTimeout } = flags
  const answers = exact ? 'exact' : 'status'
  return {
    url,
    // The newest; a receiver during a rotation accepts several.
    secret: secrets.split(/[\s,]+/)[0]!,
    mode,
    answers,
    ...(server && { exceptions: nodeExceptions(answers) }),
    ...(maxBodyBytes !== undefined && { maxBodyBytes }),
    ...(bodyTimeout !== undefined && { bodyTimeoutMs: bodyTimeout }),
  }
}

const PATIENCE_MS = 5_000

async function checkReachable(url: string): Promise<void> {
  await fetch(url, { method: 'POST', signal: AbortSignal.timeout(PATIENCE_MS) }).catch((cause: unknown) => {
    const hint = 'Is the receiver running?'
    if (Object(cause).name !== 'TimeoutError') {
      throw new CliError('network', `nothing answers at ${url}`, { hint, cause })
    }
    throw new CliError('timeout', `no answer from ${url} within ${PATIENCE_MS / 1_000} s`, { hint, cause })
  })
}
