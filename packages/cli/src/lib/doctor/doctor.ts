import { findSetting } from '../project/configuration.ts'
import { findSecrets } from '../project/secrets.ts'
import { findQueueHere, HOW_TO_NAME, NO_QUEUE } from '../queue/find.ts'
import { type CommandContext, untilInterrupted } from '../shared/context.ts'
import { EXIT, type ExitCode } from '../shared/exit-codes.ts'
import { dim, green, red, yellow } from '../shared/paint.ts'
import { type Finding, skipped } from './finding.ts'
import { checkKeys, checkSecrets } from './keys.ts'
import { checkReceiver } from './receiver.ts'
import { checkStorage } from './storage.ts'
import { checkVersions } from './versions.ts'

/** The options of `gwh doctor`. */
export interface DoctorFlags {
  readonly secretEnv?: string
  readonly jwks?: string
  readonly queue?: string
  /** How long a receiver may take to answer, in seconds. */
  readonly timeout: number
  readonly json?: true
}

/** Checks what usually goes wrong, each finding with its fix; returns the exit code. */
export async function doctor(
  context: CommandContext,
  url: string | undefined,
  flags: DoctorFlags,
): Promise<ExitCode> {
  const { cwd, signal } = context
  const found = await findSecrets(context, flags.secretEnv)
  const secrets = await checkSecrets(found)
  const keys = flags.jwks ?? (await findSetting(context, 'GWH_JWKS_URL'))?.value
  const queue = await findQueue(context, flags)
  const usable = secrets.status === 'ok' ? found?.secrets : undefined
  const parts = [
    checkVersions(cwd),
    [secrets],
    checkKeys(keys),
    url === undefined ? [] : checkReceiver({ url, secrets: usable, timeoutMs: flags.timeout * 1_000 }),
    queue ? checkStorage(cwd, queue) : [skipped('queue', NO_QUEUE, HOW_TO_NAME)],
  ]
  const findings = (await untilInterrupted(signal, Promise.all(parts))).flat()
  const failed = findings.filter(({ status }) => status === 'failed').length
  if (flags.json) context.terminal.json({ failed, findings })
  else show(context, findings, failed)
  return failed === 0 ? EXIT.ok : EXIT.failed
}

async function findQueue(context: CommandContext, flags: DoctorFlags): Promise<string | undefined> {
  const named = flags.queue ?? (await findSetting(context, 'GWH_QUEUE', 'REDIS_URL'))?.value
  return named ?? (await findQueueHere(context))
}

function show({ terminal }: CommandContext, findings: readonly Finding[], failures: number): void {
  const marks = {
    ok: green('ok     '),
    warning: yellow('warning'),
    failed: red('FAILED '),
    skipped: dim('skipped'),
  }
  for (const { check, status, message, fix } of findings) {
    terminal.out(marks[status], ` ${check}: ${message}`)
    if (fix !== undefined) terminal.out('        ', dim(fix))
  }
  terminal.out(failures === 0 ? 'Nothing is broken.' : `${failures} failed.`)
}
