import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deliverTo, readmeHandler } from '../src/handler.ts'
import { createProject, programs } from '../src/project.ts'
import { upstreamRegistry } from '../src/registry.ts'
import { pnpm, readManifest, root } from '../src/release.ts'

// What the README installs, and two packages that need no framework.
const FOLDERS = ['core', 'node', 'store-sqlite', 'emulator', 'testing']
const TIMEOUT_MS = 180_000

const work = mkdtempSync(join(tmpdir(), 'gwh-smoke-'))
const tarballs = join(work, 'tarballs')

afterAll(() => rmSync(work, { recursive: true, force: true }))

beforeAll(async () => {
  const filters = FOLDERS.flatMap((folder) => ['--filter', `./packages/${folder}`])
  await pnpm(root, [...filters, 'exec', 'pnpm', 'pack', '--pack-destination', tarballs])
}, TIMEOUT_MS)

test(
  'the packages, packed and installed by npm, load from every entry point and run the README’s handler',
  async () => {
    const project = createProject(join(work, 'project'), await upstreamRegistry(root), { type: 'module' })
    const files = readdirSync(tarballs).map((file) => join(tarballs, file))
    await project.run('npm', ['install', '--prefer-offline', ...files])
    project.write({
      'everything.ts': entryPoints()
        .map((entry) => `await import('${entry}')`)
        .join('\n'),
    })
    await project.run(programs.node24, ['everything.ts'])
    const received = await deliverTo(project, programs.node24, [], {
      name: 'server.ts',
      text: readmeHandler,
    })
    expect(received).toEqual({ status: 200, printed: expect.stringContaining(' is done, its result is in ') })
  },
  TIMEOUT_MS,
)

/** Every entry point that needs no optional peer dependency. */
function entryPoints(): string[] {
  return FOLDERS.flatMap((folder) => {
    const { name, exports } = readManifest(join(root, 'packages', folder))
    return Object.keys(exports as Record<string, unknown>)
      .filter((entry) => !['./package.json', './model', './fastify'].includes(entry))
      .map((entry) => join(name, entry))
  })
}
