import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { asCommonJs, asEsm, deliverTo, HANDLED, readmeHandler } from '../src/handler.ts'
import { createProject, type Project, programs } from '../src/project.ts'
import { packageManager } from '../src/release.ts'

const PACKAGES = ['@gwh/core', '@gwh/node', '@gwh/store-sqlite', '@gwh/genai', '@google/genai']

function create(name: string, manifest: object = { type: 'module' }): Project {
  return createProject(join(inject('work'), name), inject('registryUrl'), manifest)
}

async function withNpm(name: string, manifest?: object): Promise<Project> {
  const project = create(name, manifest)
  await project.run('npm', ['install', ...PACKAGES])
  return project
}

test('npm install, then the README’s handler as TypeScript on Node 24', async () => {
  const project = await withNpm('npm-24')
  const received = await deliverTo(project, programs.node24, [], { name: 'server.ts', text: readmeHandler })
  expect(received).toEqual(HANDLED)
})

test('npm install, then the README’s handler as an ES module on Node 22', async () => {
  const project = await withNpm('npm-22')
  const received = await deliverTo(project, programs.node22, [], {
    name: 'server.mjs',
    text: asEsm(readmeHandler),
  })
  expect(received).toEqual(HANDLED)
})

test.each(['node22', 'node24'] as const)(
  'npm install, then the README’s handler with require on %s',
  async (node) => {
    const project = await withNpm(`require-${node}`, { type: 'commonjs' })
    const file = { name: 'server.cjs', text: asCommonJs(readmeHandler) }
    expect(await deliverTo(project, programs[node], [], file)).toEqual(HANDLED)
  },
)

test('bun add, then the README’s handler on Bun', async () => {
  const project = create('bun')
  await project.run(programs.bun, ['add', ...PACKAGES])
  const received = await deliverTo(project, programs.bun, ['run'], { name: 'server.ts', text: readmeHandler })
  expect(received).toEqual(HANDLED)
})

test('deno add npm:, then the README’s handler on Deno', async () => {
  const project = create('deno')
  // Deno waits a day before it installs a new version; this one is seconds old.
  project.write({ 'deno.json': '{ "minimumDependencyAge": "0" }' })
  await project.run(programs.deno, ['add', ...PACKAGES.map((name) => `npm:${name}`)])
  const received = await deliverTo(project, programs.deno, ['run', '--allow-all'], {
    name: 'server.ts',
    text: readmeHandler,
  })
  expect(received).toEqual(HANDLED)
})

test('pnpm add without any hoisting, then the README’s handler', async () => {
  const project = create('pnpm')
  // pnpm wants to be told about every package with an install script; the SDK has two.
  const builds = 'allowBuilds:\n  "@google/genai": false\n  protobufjs: false\n'
  const settings = `hoist: false\nnodeLinker: isolated\npmOnFail: ignore\n${builds}`
  project.write({ 'pnpm-workspace.yaml': settings })
  await project.run('npx', ['--yes', packageManager, 'add', ...PACKAGES])
  const received = await deliverTo(project, programs.node24, [], { name: 'server.ts', text: readmeHandler })
  expect(received).toEqual(HANDLED)
})
