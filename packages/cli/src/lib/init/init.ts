import { existsSync } from 'node:fs'
import { access, appendFile, constants, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { runProgram } from '../dev/program.ts'
import { listNames } from '../project/env-text.ts'
import { CliError } from '../shared/cli-error.ts'
import type { CommandContext } from '../shared/context.ts'
import { detectProject, type Project } from './detect.ts'
import { type Framework, TEMPLATES, type WebhookKind } from './templates.ts'

/** The options of `gwh init`. */
export interface InitFlags {
  /** Default: what package.json shows. */
  readonly framework?: Framework
  /** The file to write, relative to the project. */
  readonly file?: string
  /** Writes a receiver of dynamic webhooks; default one of static webhooks. */
  readonly dynamic?: true
  /** Installs what the receiver imports. */
  readonly install?: true
  readonly json?: true
}

const API_KEY = 'from https://aistudio.google.com/apikey; not needed with `gwh dev`'

const VARIABLES: Readonly<Record<WebhookKind, Readonly<Record<string, string>>>> = {
  static: {
    GEMINI_API_KEY: API_KEY,
    GEMINI_WEBHOOK_SECRET: 'written by `gwh webhooks register --uri <url> --write-env .env`',
  },
  dynamic: {
    GEMINI_API_KEY: API_KEY,
    GWH_JOB_KEY: 'from `openssl rand -hex 32`, the same where jobs are started; not needed with `gwh dev`',
  },
}

/** Writes a receiver and the variables it reads, and overwrites nothing; returns the exit code. */
export async function init(context: CommandContext, flags: InitFlags): Promise<number> {
  const { cwd, terminal } = context
  const detected = await detectProject(cwd)
  const project = { ...detected, framework: flags.framework ?? detected.framework }
  const file = flags.file || defaultFile(cwd, project)
  const kind = flags.dynamic ? 'dynamic' : 'static'
  const variables = await planVariables(join(cwd, '.env'), VARIABLES[kind])
  await writeNew(cwd, file, TEMPLATES[project.framework].code(kind))
  const added = await addVariables(variables)
  const [install, ...steps] = toSteps(project, file, kind)
  const left = flags.install || install === undefined ? steps : [install, ...steps]
  if (flags.json) terminal.json({ framework: project.framework, file, variables: added, steps: left })
  else show(context, { file, project, added })
  const code = flags.install && install !== undefined ? await runInstall(context, install) : 0
  if (code !== 0 || flags.json) return code
  terminal.note()
  terminal.note('Next:')
  for (const step of left) terminal.note(`  ${step}`)
  return code
}

interface Written {
  readonly file: string
  readonly project: Project
  readonly added: readonly string[]
}

function show({ terminal }: CommandContext, { file, project, added }: Written): void {
  terminal.out(`wrote ${file} for ${project.framework}`)
  if (added.length > 0) terminal.out(`added ${added.join(' and ')} to .env`)
}

async function runInstall({ env, cwd, signal, terminal }: CommandContext, step: string): Promise<number> {
  terminal.note(`$ ${step}`)
  return await runProgram(step.split(' '), { ...env, PWD: cwd }, signal)
}

function defaultFile(cwd: string, { framework, isTypeScript }: Project): string {
  if (framework === 'next') {
    const app = existsSync(join(cwd, 'src/app')) ? 'src/app' : 'app'
    return `${app}/webhooks/gemini/route.${isTypeScript ? 'ts' : 'js'}`
  }
  return `gemini-webhooks.${isTypeScript ? 'ts' : 'mjs'}`
}

async function writeNew(cwd: string, file: string, code: string): Promise<void> {
  try {
    const path = resolve(cwd, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, code, { flag: 'wx' })
  } catch (cause) {
    const { code: reason } = cause as NodeJS.ErrnoException
    if (reason !== 'EEXIST') throw new CliError('config', `${file} cannot be written (${reason})`, { cause })
    throw new CliError('config', `${file} is there already`, {
      hint: 'Name another file with --file.',
      cause,
    })
  }
}

/** What to append to a file of variables. */
interface Addition {
  readonly path: string
  readonly names: readonly string[]
  readonly text: string
}

/** Finds the variables that are missing, and checks that they can be added, before anything is written. */
async function planVariables(path: string, variables: Readonly<Record<string, string>>): Promise<Addition> {
  const text = await readFile(path, 'utf8').catch((error) =>
    error.code === 'ENOENT' ? '' : refuseEnv(error),
  )
  const present = listNames(text)
  const missing = Object.entries(variables).filter(([name]) => !present.includes(name))
  if (missing.length > 0) {
    await access(path, constants.W_OK).catch((error) => error.code === 'ENOENT' || refuseEnv(error))
  }
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = missing.map(([name, comment]) => `# ${comment}${end}${name}=${end}`)
  const separator = text === '' || text.endsWith('\n') ? '' : end
  return { path, names: missing.map(([name]) => name), text: separator + lines.join('') }
}

/** Appends the variables that are missing; returns their names. */
async function addVariables({ path, names, text }: Addition): Promise<readonly string[]> {
  if (names.length > 0) await appendFile(path, text, { mode: 0o600 }).catch(refuseEnv)
  return names
}

function refuseEnv(cause: NodeJS.ErrnoException): never {
  throw new CliError('config', `.env cannot be written (${cause.code})`, { cause })
}

/** What to run: the installation first, `undefined` where nothing is missing. */
function toSteps(
  { framework, dependencies, install }: Project,
  file: string,
  kind: WebhookKind,
): [string | undefined, ...string[]] {
  const { packages, run } = TEMPLATES[framework]
  const missing = packages.filter((name) => !dependencies.includes(name))
  const names = install === 'deno add' ? missing.map((name) => `npm:${name}`) : missing
  return [
    names.length > 0 ? `${install} ${names.join(' ')}` : undefined,
    `npx @gwh/cli dev -- ${run}${framework === 'next' ? '' : ` ${quote(file)}`}`,
    `npx @gwh/cli trigger batch.succeeded${kind === 'dynamic' ? ' --dynamic' : ''}   # in another terminal`,
  ]
}

/** Quotes a file's name for a shell where that is needed; one like an option becomes a path. */
function quote(file: string): string {
  const path = file.startsWith('-') ? `./${file}` : file
  return /^[\w@%+:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
