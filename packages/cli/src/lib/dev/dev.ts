import { join } from 'node:path'
import { createEmulator, type Emulator, EmulatorError, loadScenarios, type Scenario } from '@gwh/emulator'
import { FOLDER, newDevSettings, readDevSettings, writeDevSettings } from '../project/dev-settings.ts'
import { devEnvironment, writeEnvironment } from '../project/environment.ts'
import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'
import { maskSecret } from '../shared/mask.ts'
import { bold, dim } from '../shared/paint.ts'
import { attachQueue } from './attached-queue.ts'
import { describeSignal } from './live-line.ts'
import { runProgram } from './program.ts'

const DEFAULT_PORT = 8787
const PORTS_TRIED = 10

/** The options of `gwh dev`. */
export interface DevFlags {
  /** The receiver's URL. */
  readonly forward: string
  /** Default 8787, or the next free one. */
  readonly port?: number
  /** A SQLite file or a Redis URL, which need not exist yet; default `GWH_QUEUE`, or none. */
  readonly queue?: string
  /** A JSON file or module with scenarios; default none. */
  readonly scenarios?: string
  readonly json?: true
}

/** Emulates Google's side until Ctrl-C, or until the user's program ends; returns the exit code. */
export async function dev(
  context: CommandContext,
  command: readonly string[],
  flags: DevFlags,
): Promise<number> {
  const { cwd, terminal, signal } = context
  const { GWH_JOB_KEY: jobKey } = context.env
  const settings = { ...newDevSettings(), ...(await readDevSettings(cwd)), ...(jobKey && { jobKey }) }
  await writeDevSettings(cwd, settings)
  const emulator = open(context, flags, settings, await readScenarios(flags.scenarios))
  try {
    const url = await listen(emulator, flags.port)
    await writeDevSettings(cwd, { ...settings, url })
    const variables = devEnvironment(url, settings)
    const file = await writeEnvironment(cwd, variables)
    const page = await emulator.inspectorUrl()
    introduce(context, { url, page, file, forward: flags.forward, secret: settings.secret })
    if (command.length > 0) return await runProgram(command, { ...context.env, ...variables }, signal)
    await aborted(signal)
    terminal.note()
    return 0
  } finally {
    await emulator.close()
  }
}

function open(
  context: CommandContext,
  flags: DevFlags,
  settings: { secret: string; controlToken: string },
  scenarios: readonly Scenario[],
): Emulator {
  const { cwd, terminal } = context
  const queue = attachQueue(context, flags.queue)
  try {
    return createEmulator({
      ...(queue && { queue }),
      state: join(cwd, FOLDER, 'emulator.db'),
      webhooks: [{ name: 'gwh dev', uri: flags.forward, secret: settings.secret }],
      controlToken: settings.controlToken,
      scenarios,
      observer(signal) {
        if (flags.json) return terminal.json(signal)
        const line = describeSignal(signal)
        if (line !== undefined) terminal.out(...line)
      },
    })
  } catch (cause) {
    if (!(cause instanceof EmulatorError)) throw cause
    const hint =
      cause.code === 'state_in_use'
        ? 'Another `gwh dev` runs in this folder.'
        : `Delete ${FOLDER} to start anew.`
    throw new CliError('config', cause.message, { hint, cause })
  }
}

async function readScenarios(path: string | undefined): Promise<readonly Scenario[]> {
  if (path === undefined) return []
  try {
    return await loadScenarios(path)
  } catch (cause) {
    throw new CliError('config', (cause as Error).message, { cause })
  }
}

/** Listens on the port that was asked for, or on the first free one from the default on. */
async function listen(emulator: Emulator, port: number | undefined): Promise<string> {
  const ports =
    port === undefined ? Array.from({ length: PORTS_TRIED }, (_, index) => DEFAULT_PORT + index) : [port]
  for (const candidate of ports) {
    try {
      return (await emulator.listen({ port: candidate })).url
    } catch (error) {
      if (!(error instanceof EmulatorError) || error.code !== 'listen_failed') throw error
    }
  }
  throw new CliError('network', `port ${ports.join(', ')} is in use`, {
    hint: 'Choose another one with --port.',
  })
}

/** What a developer needs to know at the start. */
interface Introduction {
  readonly url: string
  /** Opens the page once. */
  readonly page: string
  readonly file: string
  readonly forward: string
  readonly secret: string
}

function introduce({ terminal }: CommandContext, { url, page, file, forward, secret }: Introduction): void {
  terminal.note(bold("Google's side"), `  ${url}`)
  terminal.note(bold('Your receiver'), `  ${forward}  `, dim(`secret ${maskSecret(secret)}`))
  terminal.note(bold('Page'), `           ${page}  `, dim('opens once'))
  terminal.note(bold('Environment'), `    ${file}  `, dim('for example node --env-file'))
  terminal.note(dim('Send an event: gwh trigger batch.succeeded. Ctrl-C ends it.'))
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
