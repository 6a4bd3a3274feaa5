import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '@gwh/testing'
import { describe, expect, test } from 'vitest'
import { FRAMEWORKS, type Framework, TEMPLATES } from '../src/lib/init/templates.ts'
import { emptyFolder, gwh, start } from './support.ts'

const MODULES = fileURLToPath(new URL('../node_modules', import.meta.url))
const TYPES = fileURLToPath(new URL('../../../node_modules/@types', import.meta.url))
const SOURCE = '--conditions=@gwh/source'

/** What makes `gwh init` choose each framework. */
const PROJECTS: Record<string, Record<string, string>> = {
  node: { 'package.json': '{}' },
  express: { 'package.json': '{"dependencies":{"express":"5"}}', 'pnpm-lock.yaml': '' },
  fastify: { 'package.json': '{"dependencies":{"fastify":"5"},"devDependencies":{"typescript":"6"}}' },
  hono: { 'package.json': '{"dependencies":{"hono":"4"}}', 'tsconfig.json': '{}' },
  next: {
    'package.json': '{"dependencies":{"next":"16","express":"5"}}',
    'src/app/page.tsx': '',
    'tsconfig.json': '{}',
  },
  bun: { 'bun.lock': '' },
  // `deno add` would name the packages in it; here they are in node_modules.
  deno: { 'deno.json': '{"nodeModulesDir":"manual"}' },
}

const FILES: Record<string, string> = {
  node: 'gemini-webhooks.mjs',
  express: 'gemini-webhooks.mjs',
  fastify: 'gemini-webhooks.ts',
  hono: 'gemini-webhooks.ts',
  next: 'src/app/webhooks/gemini/route.ts',
  bun: 'gemini-webhooks.ts',
  deno: 'gemini-webhooks.ts',
}

function projectFor(framework: string): string {
  const cwd = emptyFolder()
  symlinkSync(MODULES, join(cwd, 'node_modules'))
  for (const [path, text] of Object.entries(PROJECTS[framework]!)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true })
    writeFileSync(join(cwd, path), text)
  }
  return cwd
}

const program = (name: string) => join(MODULES, name)

// Stands in for `next dev`, which bundles for a minute; the route itself runs as it is.
const NEXT_SERVER = `
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { POST } from './src/app/webhooks/gemini/route.ts'
createServer(async (request, response) => {
  const { method, headers } = request
  const answer = await POST(new Request('http://x' + request.url, { method, headers, body: await buffer(request) }))
  response.writeHead(answer.status).end(await answer.text())
}).listen(Number(process.env.PORT), '127.0.0.1')
`

const RUN: Record<string, readonly string[]> = {
  bun: [program('.bin/bun'), SOURCE, 'run'],
  deno: [program('deno/deno'), 'run', SOURCE, '-A', '--no-prompt', '--quiet'],
}

/** Writes a receiver, runs it under `gwh dev`, and sends it an event as `gwh init` says. */
async function tryOut(framework: Framework, flags: readonly string[], triggerFlags: readonly string[]) {
  const cwd = projectFor(framework)
  const { code, stdout } = await gwh(cwd, ['init', '--json', ...flags])
  const file = FILES[framework]!
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { framework, file }])
  writeFileSync(join(cwd, 'next-server.mjs'), NEXT_SERVER)
  const port = await freePort()
  const command = RUN[framework] ?? [process.execPath, SOURCE]
  const script = framework === 'next' ? 'next-server.mjs' : file
  const forward = `http://127.0.0.1:${port}/webhooks/gemini`
  const dev = start(cwd, ['dev', '--port', '0', '--forward', forward, '--', ...command, script], {
    PORT: `${port}`,
  })
  await expect.poll(() => answers(forward), { timeout: 20_000 }).toBe(true)
  expect(await gwh(cwd, ['trigger', 'batch.succeeded', ...triggerFlags])).toMatchObject({
    code: 0,
    stderr: '',
  })
  await dev.saw(/<-- \[200\]/)
  await dev.saw(/batch done: batches\/\S+ \w+/)
  dev.kill('SIGTERM')
  await dev.finished
}

describe.each(FRAMEWORKS)('gwh init for %s', (framework) => {
  test('writes a receiver that verifies and handles what gwh dev sends', async () => {
    await tryOut(framework, [], [])
  }, 60_000)
})

test.each(['node', 'next'] as const)(
  'with --dynamic the receiver for %s takes dynamic webhooks, of jobs with the key',
  async (framework) => {
    await tryOut(framework, ['--dynamic'], ['--dynamic'])
  },
  60_000,
)

test('--dynamic names the variable of the key, and how to send a dynamic event', async () => {
  const cwd = emptyFolder()
  const { steps, variables } = JSON.parse((await gwh(cwd, ['init', '--dynamic', '--json'])).stdout)
  expect(variables).toEqual(['GEMINI_API_KEY', 'GWH_JOB_KEY'])
  expect(steps.at(-1)).toContain('trigger batch.succeeded --dynamic')
  expect(readFileSync(join(cwd, '.env'), 'utf8')).toMatch(/^# .*openssl rand.*\nGWH_JOB_KEY=$/m)
})

const answers = (url: string) =>
  fetch(url, { method: 'POST' }).then(
    ({ status }) => status === 400,
    () => false,
  )

const EVERY = FRAMEWORKS.flatMap((framework) => [
  [framework, 'static'] as const,
  [framework, 'dynamic'] as const,
])

test('every receiver compiles', () => {
  const cwd = emptyFolder()
  symlinkSync(MODULES, join(cwd, 'node_modules'))
  for (const [framework, kind] of EVERY) {
    writeFileSync(join(cwd, `${framework}-${kind}.ts`), TEMPLATES[framework].code(kind))
  }
  const options = {
    module: 'nodenext',
    target: 'es2024',
    lib: ['ES2024', 'WebWorker'],
    types: ['node'],
    typeRoots: [TYPES],
  }
  const compilerOptions = {
    ...options,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    customConditions: ['@gwh/source'],
  }
  writeFileSync(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  writeFileSync(join(cwd, 'package.json'), '{"type":"module"}')
  const { stdout } = spawnSync(process.execPath, [program('typescript/bin/tsc'), '-p', '.'], {
    cwd,
    encoding: 'utf8',
  })
  // The sources of @gwh/bun and @gwh/deno need the types of their runtimes; what is published does not.
  expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('/packages/'))).toEqual([])
}, 120_000)

test('a receiver has about 20 lines', () => {
  for (const [framework, kind] of EVERY) {
    const lines = TEMPLATES[framework].code(kind).split('\n')
    expect(lines.filter((line) => line !== '').length, `${framework} ${kind}`).toBeLessThan(25)
  }
})

test('nothing is overwritten, and .env keeps what is in it', async () => {
  const cwd = emptyFolder()
  const env = join(cwd, '.env')
  writeFileSync(env, 'GEMINI_API_KEY=mine')
  const first = await gwh(cwd, ['init'])
  expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('npm install @gwh/core') })
  expect(readFileSync(env, 'utf8')).toMatch(/^GEMINI_API_KEY=mine\n# .*\nGEMINI_WEBHOOK_SECRET=\n$/)
  const [code, text] = [readFileSync(join(cwd, 'gemini-webhooks.mjs')), readFileSync(env)]
  const again = await gwh(cwd, ['init', '--framework', 'hono'])
  expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('is there already') })
  expect([readFileSync(join(cwd, 'gemini-webhooks.mjs')), readFileSync(env)]).toEqual([code, text])
  expect((await gwh(cwd, ['init', '--file', 'src/hooks.mjs'])).code).toBe(0)
  expect(readFileSync(env)).toEqual(text)
})

test.each(['null', '[]', '"x"', '{"dependencies":null,"devDependencies":"x"}'])(
  'a package.json %s is one without dependencies',
  async (text) => {
    const cwd = emptyFolder()
    writeFileSync(join(cwd, 'package.json'), text)
    expect(await gwh(cwd, ['init'])).toMatchObject({ code: 0, stdout: expect.stringContaining('for node') })
  },
)

test('a package.json with a byte order mark is read', async () => {
  const cwd = emptyFolder()
  writeFileSync(join(cwd, 'package.json'), '\uFEFF{"dependencies":{"express":"5"}}')
  expect(await gwh(cwd, ['init'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('for express'),
  })
})

test('the command for a file with an odd name can be pasted into a shell', async () => {
  const cwd = emptyFolder()
  const file = "my $(touch owned) receiver's.mjs"
  const { steps } = JSON.parse((await gwh(cwd, ['init', '--file', file, '--json'])).stdout)
  const command = steps[1].replace(/^.* --env-file-if-exists=\S+ /, 'printf %s ')
  expect(spawnSync('sh', ['-c', command], { cwd, encoding: 'utf8' }).stdout).toBe(file)
  expect(existsSync(join(cwd, 'owned'))).toBe(false)
})

test('the command for a file like an option names the file', async () => {
  const { stdout } = await gwh(emptyFolder(), ['init', '--file=-e.mjs', '--json'])
  expect(JSON.parse(stdout).steps[1]).toMatch(/ \.\/-e\.mjs$/)
})

test('a file with an absolute path is written there', async () => {
  const path = join(emptyFolder(), 'receiver.mjs')
  expect(await gwh(emptyFolder(), ['init', '--file', path])).toMatchObject({ code: 0 })
  expect(existsSync(path)).toBe(true)
})

test('a .env that is none is explained', async () => {
  const cwd = emptyFolder()
  mkdirSync(join(cwd, '.env'))
  expect(await gwh(cwd, ['init'])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('.env cannot be written'),
  })
  expect(readdirSync(cwd)).toEqual(['.env'])
})

test('the way to install is that of the project', async () => {
  const steps = async (framework: string) =>
    JSON.parse((await gwh(projectFor(framework), ['init', '--json'])).stdout).steps
  expect((await steps('express'))[0]).toBe('pnpm add @gwh/core @gwh/store-sqlite @gwh/node')
  expect((await steps('bun'))[0]).toMatch(/^bun add /)
  expect((await steps('deno'))[0]).toMatch(/^deno add npm:@gwh\/core /)
})

test('--install installs with the tool of the project, and ends with its code', async () => {
  const cwd = projectFor('express')
  const bin = emptyFolder()
  writeFileSync(join(bin, 'pnpm'), '#!/bin/sh\necho "asked for $*"\nexit 7\n', { mode: 0o755 })
  const { code, stdout } = await gwh(cwd, ['init', '--install'], { PATH: `${bin}:${process.env.PATH}` })
  expect({ code, stdout }).toEqual({ code: 7, stdout: expect.stringContaining('asked for add @gwh/core') })
})
