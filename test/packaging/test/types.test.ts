import { join } from 'node:path'
import { beforeAll, expect, inject, test } from 'vitest'
import { readmeHandler } from '../src/handler.ts'
import { createProject, programs } from '../src/project.ts'
import { packageFolders, readManifest, root } from '../src/release.ts'

const STRICT = { strict: true, skipLibCheck: false, noEmit: true, target: 'es2023', types: ['node'] }

/** Every entry point of a package, as a user would import it. */
const entries = packageFolders.flatMap((folder) => {
  const { name, exports } = readManifest(join(root, 'packages', folder)) as unknown as {
    name: string
    exports: Record<string, unknown>
  }
  return Object.keys(exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => join(name, entry))
})

const everything = entries.map((entry, index) => `export * as e${index} from '${entry}'`).join('\n')

const project = createProject(join(inject('work'), 'types'), inject('registryUrl'), { type: 'module' })

beforeAll(async () => {
  const packages = packageFolders.map((one) => readManifest(join(root, 'packages', one)).name)
  await project.run('npm', [
    'install',
    ...packages,
    '@types/node@22',
    'bun-types',
    '@types/deno',
    'fast-check@4',
    'fastify@5',
    'vitest@5',
  ])
  project.write({ 'everything.mts': everything, 'everything.cts': everything, 'server.mts': readmeHandler })
})

test.each([
  ['nodenext, for ES modules and CommonJS', { module: 'nodenext' }],
  ['bundler', { module: 'preserve', moduleResolution: 'bundler' }],
])('every entry point has types, and the README’s handler compiles, under %s', async (_, options) => {
  project.write({ 'tsconfig.json': JSON.stringify({ compilerOptions: { ...STRICT, ...options } }) })
  const { code, stdout } = await project.run(programs.tsc, [], { mayFail: true })
  expect(stdout).toBe('')
  expect(code).toBe(0)
})
