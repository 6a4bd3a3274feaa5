import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asEsm, deliverTo, HANDLED, readmeHandler } from '../src/handler.ts'
import { createProject, type Project, programs } from '../src/project.ts'
import { upstreamRegistry } from '../src/registry.ts'
import { packageFolders, pnpm, readManifest, root } from '../src/release.ts'

// These are for runtimes other than Node, or pull in a framework.
const ELSEWHERE = ['bun', 'deno', 'next']
const FOLDERS = packageFolders.filter((folder) => !ELSEWHERE.includes(folder))
// These need an optional peer dependency.
const WITH_PEERS = ['./model', './fastify', './vitest']
// What the registry needs differs by a factor of twenty.
const TIMEOUT_MS = 600_000

const work = mkdtempSync(join(tmpdir(), 'gwh-smoke-'))
const tarballs = join(work, 'tarballs')
let project: Project

afterAll(() => rmSync(work, { recursive: true, force: true }))

beforeAll(async () => {
  const filters = FOLDERS.flatMap((folder) => ['--filter', `./packages/${folder}`])
  await pnpm(root, [...filters, 'exec', 'pnpm', 'pack', '--pack-destination', tarballs])
  project = createProject(join(work, 'project'), await upstreamRegistry(root), { type: 'module' })
  const files = readdirSync(tarballs).map((file) => join(tarballs, file))
  await project.run('npm', ['install', '--prefer-offline', ...files])
}, TIMEOUT_MS)

test('Node 22 is, in all tests, the oldest version that the packages declare', async () => {
  const { stdout } = await project.run(programs.node22, ['--print', 'process.versions.node'])
  const oldest = stdout.trim().replace(/\.0$/, '')
  const declared = FOLDERS.map((folder) => readManifest(join(root, 'packages', folder)).engines)
  expect(declared).toEqual(FOLDERS.map(() => ({ node: `>=${oldest}` })))
})

test.each(['node22', 'node24'] as const)(
  'the packages, packed and installed by npm, load on %s from every entry point and run the README’s handler',
  async (node) => {
    const imports = entryPoints().map((entry) => `await import('${entry}')`)
    project.write({ 'everything.js': imports.join('\n') })
    await project.run(programs[node], ['everything.js'])
    const file = { name: 'server.js', text: asEsm(readmeHandler) }
    expect(await deliverTo(project, programs[node], [], file)).toEqual(HANDLED)
  },
  TIMEOUT_MS,
)

function entryPoints(): string[] {
  return FOLDERS.flatMap((folder) => {
    const { name, exports } = readManifest(join(root, 'packages', folder))
    return Object.keys(exports as Record<string, unknown>)
      .filter((entry) => entry !== './package.json' && !WITH_PEERS.includes(entry))
      .map((entry) => join(name, entry))
  })
}
