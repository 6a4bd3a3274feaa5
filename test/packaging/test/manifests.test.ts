import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { packageFolders, pnpm, readManifest, root } from '../src/release.ts'
import { run } from '../src/run.ts'

const attw = fileURLToPath(new URL('../node_modules/.bin/attw', import.meta.url))
const tarballs = join(inject('work'), 'tarballs')

beforeAll(async () => {
  await pnpm(inject('copy'), [
    '--filter',
    './packages/*',
    'exec',
    'pnpm',
    'pack',
    '--pack-destination',
    tarballs,
  ])
})

function tarballOf(folder: string): string {
  return join(tarballs, readdirSync(tarballs).find((file) => file.startsWith(`gwh-${folder}-`))!)
}

/** The packages for a runtime other than Node have its name. */
const runtimeOf = (folder: string) => (folder === 'bun' || folder === 'deno' ? folder : 'node')

describe.each(packageFolders)('%s, as packed', (folder) => {
  test('publint finds nothing', async () => {
    const { buffer: tarball } = new Uint8Array(readFileSync(tarballOf(folder)))
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  test('its types resolve wherever ES modules do', async () => {
    const { code, stdout } = await run(attw, [tarballOf(folder), '--profile', 'esm-only', '--no-color'], {
      cwd: inject('work'),
      mayFail: true,
    })
    expect(code, stdout).toBe(0)
  })

  test('it contains what it needs and no tests', async () => {
    const { stdout } = await run('tar', ['-tzf', tarballOf(folder)], { cwd: inject('work') })
    const files = stdout.trim().split('\n')
    // A command has no entry point to import.
    const entry = folder === 'cli' ? 'package/dist/gwh.js' : 'package/dist/index.js'
    expect(files).toEqual(expect.arrayContaining(['package/README.md', 'package/LICENSE', entry]))
    expect(files.filter((file) => /\.test\.|\/test\//.test(file))).toEqual([])
  })

  test('it names its licence and the oldest version of what it runs on', () => {
    const manifest = readManifest(join(root, 'packages', folder))
    expect(manifest).toMatchObject({
      license: 'MIT',
      type: 'module',
      sideEffects: false,
      engines: { [runtimeOf(folder)]: expect.stringMatching(/^>=\d/) },
    })
    expect(existsSync(join(root, 'packages', folder, 'README.md'))).toBe(true)
  })
})
