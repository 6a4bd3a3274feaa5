import { join } from 'node:path'
import { createEmulator, type Emulator, EmulatorError, loadScenarios, type Scenario } from '@gwh/emulator'
import {
  type DevSettings,
  FOLDER,
  newDevSettings,
  readDevSettings,
  writeDevSettings,
} from '../project/dev-settings.ts'
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
  const kept = { ...newDevSettings(), ...(await readDevSettings(cwd)), ...(jobKey && { jobKey }) }
  await writeDevSettings(cwd, kept)
  const { rotated, queue: _, ...settings } = kept
  const emulator = open(context, flags, settings, await readScenarios(flags.scenarios))
  try {
    const url = await listen(emulator, flags.port)
    const current = {
      ...settings,
      url,
      ...readWebhook(emulator, flags.forward, kept.webhook),
      ...readQueue(context, flags),
    }
    await writeDevSettings(cwd, current)
    const variables = devEnvironment(url, current)
    const file = await writeEnvironment(cwd, variables)
    const page = await emulator.inspectorUrl()
    const isRotated = rotated === true || newest(current) !== newest(settings)
    introduce(context, { url, page, file, forward: flags.forward, secret: current.secret, isRotated })
    const failed = (how: string) => terminal.note(`your program ended (${how})`)
    if (command.length > 0) return await runProgram(command, { ...context.env, ...variables }, signal, failed)
    await aborted(signal)
    terminal.note()
    return 0
  } finally {
    await emulator.close()
  }
}

/**
 * What the emulator knows of the forwarded webhook: its secret may have been rotated by a program, or on the page.
 *
 * @param last The id that it had at the last start; the user may have registered another webhook with the same URI, or
 *   deleted this one
 */
function readWebhook(
  emulator: Emulator,
  forward: string,
  last: string | undefined,
): Pick<DevSettings, 'webhook' | 'secret'> {
  const webhooks = emulator.webhooks()
  const { id, secrets } =
    webhooks.find((webhook) => webhook.id === last) ?? webhooks.find(({ uri }) => uri === forward)!
  return { webhook: id, secret: secrets.join(',') }
}

function readQueue({ env }: CommandContext, flags: DevFlags): Pick<DevSettings, 'queue'> {
  const queue = flags.queue ?? env.GWH_QUEUE
  return queue ? { queue } : {}
}

const newest = ({ secret }: Pick<DevSettings, 'secret'>) => secret.split(',')[0]!

function open(
  context: CommandContext,
  flags: DevFlags,
  settings: DevSettings,
  scenarios: readonly Scenario[],
): Emulator {
  const { cwd, terminal } = context
  const { webhook: id } = settings
  const queue = attachQueue(context, flags.queue)
  try {
    return createEmulator({
      ...(queue && { queue }),
      state: join(cwd, FOLDER, 'emulator.db'),
      // By its id it moves when `--forward` is another URL; a second one would get every event too.
      webhooks: [{ ...(id && { id }), name: 'gwh dev', uri: flags.forward, secret: newest(settings) }],
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
  /** Newest first. */
  readonly secret: string
  /** Whether the secret is another one than at the last start. */
  readonly isRotated: boolean
}

function introduce({ terminal }: CommandContext, about: Introduction): void {
  const { url, page, file, forward, isRotated } = about
  const secret = about.secret.split(',').map(maskSecret).join(', ')
  terminal.note(bold("Google's side"), `  ${url}`)
  terminal.note(bold('Your receiver'), `  ${forward}  `, dim(`secret ${secret}`))
  terminal.note(bold('Page'), `           ${page}  `, dim('opens once'))
  terminal.note(bold('Environment'), `    ${file}  `, dim('for example node --env-file'))
  if (isRotated) {
    terminal.note(
      `The secret was rotated: your program and ${file} get the new one (${maskSecret(newest(about))}).`,
    )
  }
  terminal.note(dim('Send an event: gwh trigger batch.succeeded. Ctrl-C ends it.'))
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
